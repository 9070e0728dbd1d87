import { html } from 'htm/preact'
import { shownValue } from '../dashboards/shown-value.js'
import { panelLink } from '../panel-link.js'
import { Swatch } from './swatch.js'

const MOST_NAMES = 12

/**
 * The lines of a chart; a click puts one away or takes it back. While the
 * crosshair stands on any chart of the board, the figures of that instant. What a
 * line is named for may have a page of its own.
 *
 * @param {{ drawn: readonly import('../dashboards/chart-data.js').Drawn[], left_out: number, index: number | undefined, toggle: (name: string) => void, query: import('../questions.js').PanelQuery }} props
 */
export function ChartLegend({ drawn, left_out, index, toggle, query }) {
  const more = Math.max(0, drawn.length - MOST_NAMES) + left_out
  return html`<div class="legend" role="group" aria-label="Lines">
    ${drawn.slice(0, MOST_NAMES).map(({ name, colour, hidden, field, values }) => {
      const value = index === undefined ? null : values[index]
      const [link] = field.links ?? []
      return html`<span key=${name} class="line"
        ><button
          type="button"
          class="plain"
          aria-pressed=${!hidden}
          title=${hidden ? `Show ${name}` : `Hide ${name}`}
          onClick=${() => toggle(name)}
        >
          <${Swatch} colour=${colour} /><span class="name">${name}</span>
          ${value !== null && value !== undefined && html`<b class="figure">${shownValue(value, field)}</b>`}</button
        >${
          link !== undefined &&
          html`<a
            href=${panelLink(link.url, [{ name: 'line' }], [name], query)}
            title=${link.title}
            aria-label=${`${link.title}: ${name}`}
            >↗</a
          >`
        }</span
      >`
    })}
    ${more > 0 && html`<span class="muted">and ${more} more</span>`}
  </div>`
}

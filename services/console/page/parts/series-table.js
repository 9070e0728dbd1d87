import { html } from 'htm/preact'
import { drawnOf } from '../dashboards/chart-data.js'
import { shownValue } from '../dashboards/shown-value.js'
import { momentText } from '../format.js'

const MOST_ROWS = 500
const none = new Set()

/** The figures of a chart, newest first: for whoever can't see it, or wants to copy them. @param {{ panel: import('../dashboards/field.js').Panel, answer: import('../dashboards/chart-data.js').SeriesAnswer }} props */
export function SeriesTable({ panel, answer }) {
  const drawn = drawnOf(panel, answer, none)
  const rows = answer.times.map((second, index) => ({ second, index })).reverse()
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${`${panel.title}, figures`}>
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Time</th>
          ${drawn.map(({ name }) => html`<th key=${name} scope="col" class="figure">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.slice(0, MOST_ROWS).map(
          ({ second, index }) =>
            html`<tr key=${second}>
              <th scope="row">${momentText(second * 1000, answer.interval_s)}</th>
              ${drawn.map(
                ({ name, values, field }) =>
                  html`<td key=${name} class="figure">${shownValue(values[index] ?? null, field)}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
    ${rows.length > MOST_ROWS && html`<p class="muted">The newest ${MOST_ROWS} of ${rows.length} times.</p>`}
  </div>`
}

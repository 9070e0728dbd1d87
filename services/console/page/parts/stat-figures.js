import { html } from 'htm/preact'
import { namedColour } from '../colours.js'
import { fieldOf, typeName } from '../dashboards/field.js'
import { colourName, shownValue } from '../dashboards/shown-value.js'
import { words } from '../format.js'
import { Time } from './time.js'
import { Toned } from './toned.js'

/** The last row's figures, large; named where there are several. @param {{ panel: import('../dashboards/field.js').Panel, frame: import('../../dashboards/ask-panel.ts').Frame }} props */
export function StatFigures({ panel, frame }) {
  const row = frame.rows.at(-1)
  const { noValue = '0' } = panel.fieldConfig.defaults
  if (!row) return html`<p class="stat">${noValue}</p>`
  return html`<div class="stats">
    ${frame.columns.map(({ name, type }, i) => {
      const field = fieldOf(panel, { name, type, ref_id: frame.ref_id })
      const value = row[i]
      const colour = colourName(value, field)
      const text =
        typeName(type) === 'time' && value
          ? html`<${Time} at=${String(value)} />`
          : shownValue(value, field) || noValue
      return html`<p key=${name} class=${frame.columns.length > 1 ? 'stat several' : 'stat'}>
        ${colour === undefined || colour === 'text' ? text : html`<${Toned} colour=${namedColour(colour) ?? ''}>${text}<//>`}
        ${frame.columns.length > 1 && html`<span class="muted">${field.displayName ?? words(name)}</span>`}
      </p>`
    })}
  </div>`
}

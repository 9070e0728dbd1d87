import { html } from 'htm/preact'
import { useMemo, useState } from 'preact/hooks'
import { namedColour } from '../colours.js'
import { fieldOf, record, typeName } from '../dashboards/field.js'
import { colourName, shownValue } from '../dashboards/shown-value.js'
import { valueOf, words } from '../format.js'
import { panelLink } from '../panel-link.js'
import { Time } from './time.js'
import { Toned } from './toned.js'

/** @typedef {import('../../dashboards/ask-panel.ts').Frame} Frame */
/** @typedef {import('../../dashboards/series.ts').Cell} CellValue */
/** @typedef {{ column: number, down: boolean }} Order */

/**
 * Rows of an answer, to be put in order by a click on a column; a column may
 * lead to the forensics of what it names.
 *
 * @param {{ panel: import('../dashboards/field.js').Panel, frame: Frame, query: import('../questions.js').PanelQuery }} props
 */
export function RowsTable({ panel, frame, query }) {
  const { columns, rows } = frame
  const [order, setOrder] = useState(/** @returns {Order | undefined} */ () => undefined)
  const shown = useMemo(
    () =>
      columns
        .map(({ name, type }, place) => ({
          name,
          type,
          place,
          field: fieldOf(panel, { name, type, ref_id: frame.ref_id }),
        }))
        .filter(
          ({ field }) => field.custom['hidden'] !== true && record(field.custom['hideFrom'])['viz'] !== true,
        ),
    [panel, frame],
  )
  const sorted =
    order === undefined
      ? rows
      : [...rows].sort((a, b) => compare(a[order.column], b[order.column], order.down))
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${`${panel.title}, rows`}>
    <table class="rows">
      <thead>
        <tr>
          ${shown.map(
            ({ name, type, place, field }) =>
              html`<th
                key=${name}
                scope="col"
                class=${typeName(type) === 'number' ? 'figure' : ''}
                aria-sort=${order?.column === place ? (order.down ? 'descending' : 'ascending') : undefined}
              >
                <button
                  type="button"
                  class="plain"
                  onClick=${() => setOrder({ column: place, down: order?.column === place ? !order.down : true })}
                >
                  ${field.displayName ?? words(name)}
                </button>
              </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${sorted.map(
          (row, i) =>
            html`<tr key=${i}>
              ${shown.map(({ name, type, place, field }) => {
                const url = field.links?.[0]?.url
                const cell = html`<${Cell} name=${name} value=${row[place]} type=${type} field=${field} />`
                return html`<td key=${name} class=${classOf(row[place], type)}>
                  ${
                    url === undefined || row[place] === '' || row[place] === null
                      ? cell
                      : html`<a href=${panelLink(url, columns, row, query)} title=${field.links?.[0]?.title}
                          >${cell}</a
                        >`
                  }
                </td>`
              })}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/** How much room a cell wants: long texts a column that is not all height. @param {CellValue | undefined} value @param {string} type */
function classOf(value, type) {
  if (typeName(type) === 'number') return 'figure'
  return typeof value === 'string' && value.length > 60 ? 'long' : ''
}

/** @param {{ name: string, value: CellValue | undefined, type: string, field: import('../dashboards/field.js').Field }} props */
function Cell({ name, value, type, field }) {
  if (value === null || value === undefined || value === '') return html`<span class="muted">none</span>`
  if (typeName(type) === 'time') return html`<${Time} at=${String(value)} />`
  const plain = field.unit === undefined || field.unit === 'none' || field.unit === 'short'
  const text = plain && typeof value === 'number' ? named(name, value, field) : shownValue(value, field)
  const { type: kind } = record(field.custom?.['cellOptions'])
  const colour =
    kind === 'color-text' || kind === 'color-background' ? namedColour(colourName(value, field)) : undefined
  return colour === undefined
    ? text
    : html`<${Toned} colour=${colour} filled=${kind === 'color-background'}>${text}<//>`
}

/** A figure with the unit that its column's name carries, unless the definition has words or decimals for it. @param {string} name @param {number} value @param {import('../dashboards/field.js').Field} field */
function named(name, value, field) {
  return field.decimals !== undefined || (field.mappings?.length ?? 0) > 0
    ? shownValue(value, field)
    : valueOf(name, value)
}

/** Numbers by size, texts by alphabet, what is missing last. @param {CellValue | undefined} a @param {CellValue | undefined} b @param {boolean} down */
function compare(a, b, down) {
  const missing = (/** @type {unknown} */ value) => value === null || value === undefined || value === ''
  if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b))
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))
  return down ? -order : order
}

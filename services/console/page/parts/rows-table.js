import { html } from 'htm/preact'
import { number, words } from '../format.js'
import { panelLink } from '../panel-link.js'
import { Time } from './time.js'

/** @typedef {import('../questions.js').Dashboard['panels'][number]} Panel */
/** @typedef {Extract<import('../questions.js').PanelAnswer, { kind: 'rows' }>} RowsAnswer */

/** Rows of an answer; a column may lead to the forensics of what it names. @param {{ panel: Panel, answer: RowsAnswer, query: import('../questions.js').PanelQuery }} props */
export function RowsTable({ panel, answer, query }) {
  const { columns, rows } = answer
  const urls = new Map(columns.map(({ name }) => [name, urlOf(panel, name)]))
  return html`<div class="scroll">
    <table class="rows">
      <thead>
        <tr>
          ${columns.map(({ name }) => html`<th key=${name} scope="col">${words(name)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row, i) =>
            html`<tr key=${i}>
              ${columns.map(({ name, type }, j) => {
                const url = urls.get(name)
                const cell = html`<${Cell} value=${row[j]} type=${type} />`
                return html`<td key=${name} class=${/Int|Float/.test(type) ? 'figure' : ''}>
                  ${
                    url === undefined || row[j] === ''
                      ? cell
                      : html`<a href=${panelLink(url, columns, row, query)}>${cell}</a>`
                  }
                </td>`
              })}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/** @param {{ value: import('../../dashboards/series.ts').Cell | undefined, type: string }} props */
function Cell({ value, type }) {
  if (value === null || value === undefined || value === '') return html`<span class="muted">none</span>`
  if (/DateTime/.test(type)) return html`<${Time} at=${String(value)} />`
  if (/Bool/.test(type)) return value === true ? 'yes' : 'no'
  if (typeof value === 'number') return number(value)
  return Array.isArray(value) ? value.join(', ') : String(value)
}

/** The link that the definition puts on a column. @param {Panel} panel @param {string} column */
function urlOf(panel, column) {
  const override = panel.fieldConfig.overrides.find(
    ({ matcher }) => matcher.id === 'byName' && matcher.options === column,
  )
  const links = override?.properties.find(({ id }) => id === 'links')?.value
  const first = Array.isArray(links) ? links[0] : undefined
  return typeof first === 'object' && first !== null && 'url' in first ? String(first.url) : undefined
}

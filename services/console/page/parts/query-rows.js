import { html } from 'htm/preact'
import { words } from '../format.js'
import { Time } from './time.js'

/** @typedef {import('../../queries/run-query.ts').QueryCell} QueryCell */

/** Rows drawn at most; the others are in the file. */
const SHOWN = 500

/** The answer to a saved query, as the store gave it. @param {{ answer: import('../../queries/run-query.ts').QueryAnswer, title: string }} props */
export function QueryRows({ answer: { columns, rows }, title }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${`${title}, rows`}>
    <table class="rows">
      <thead>
        <tr>
          ${columns.map(({ name }) => html`<th key=${name} scope="col">${words(name)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.slice(0, SHOWN).map(
          (row, i) =>
            html`<tr key=${i}>
              ${columns.map(
                ({ name, type }, j) =>
                  html`<td key=${name} class=${/Int|Float/.test(type) ? 'figure' : ''}>
                    <${Cell} value=${row[j] ?? null} type=${type} />
                  </td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
    ${rows.length > SHOWN && html`<p class="muted">${rows.length - SHOWN} more are in the file.</p>`}
  </div>`
}

/** @param {{ value: QueryCell, type: string }} props */
function Cell({ value, type }) {
  if (value === null || value === '') return html`<span class="muted">none</span>`
  const text = textOf(value)
  if (!/^(?:Nullable\()?DateTime/.test(type)) return text
  // The beginning of time, as an aggregate of nothing gives it, is a moment that never was.
  return text < '1970-01-02' ? html`<span class="muted">never</span>` : html`<${Time} at=${text} />`
}

/** @param {QueryCell} value @returns {string} */
function textOf(value) {
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

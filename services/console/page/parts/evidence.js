import { html } from 'htm/preact'
import { valueOf, words } from '../format.js'
import { Time } from './time.js'

/** @typedef {import('../../../../schemas/finding.ts').Evidence} Evidence */

/** Prefixes by which detectors name the two ends of a comparison. */
const ends = /** @type {const} */ ([
  { one: 'from_', other: 'to_', titles: ['Before', 'Then'] },
  { one: 'previous_', other: 'current_', titles: ['Before', 'Then'] },
  { one: 'earlier_', other: 'later_', titles: ['Before', 'Then'] },
  { one: 'expected_', other: 'observed_', titles: ['Expected', 'Observed'] },
])

/** The figures behind a score. Where two events matter, both stand side by side. @param {{ evidence: Evidence }} props */
export function EvidenceFigures({ evidence }) {
  const rest = new Map(Object.entries(evidence))
  const tables = []
  for (const { one, other, titles } of ends) {
    const names = [...rest.keys()]
      .filter((key) => key.startsWith(one) && rest.has(other + key.slice(one.length)))
      .map((key) => key.slice(one.length))
    if (names.length === 0) continue
    const rows = names.map((name) => ({ name, before: rest.get(one + name), after: rest.get(other + name) }))
    for (const name of names) for (const prefix of [one, other]) rest.delete(prefix + name)
    tables.push({ titles, rows })
  }
  return html`<div class="evidence">
    ${tables.map(
      ({ titles, rows }) =>
        html`<table key=${titles.join()} class="pairs">
          <thead>
            <tr>
              <td></td>
              ${titles.map((title) => html`<th key=${title} scope="col">${title}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              ({ name, before, after }) =>
                html`<tr key=${name}>
                  <th scope="row">${words(name)}</th>
                  <td class="figure"><${Value} name=${name} value=${before} /></td>
                  <td class="figure"><${Value} name=${name} value=${after} /></td>
                </tr>`,
            )}
          </tbody>
        </table>`,
    )}
    ${
      rest.size > 0 &&
      html`<dl class="facts">
        ${[...rest].map(
          ([name, value]) =>
            html`<dt>${words(name)}</dt>
              <dd class="figure"><${Value} name=${name} value=${value} /></dd>`,
        )}
      </dl>`
    }
  </div>`
}

/** @param {{ name: string, value: unknown }} props */
function Value({ name, value }) {
  if (typeof value === 'string' && (name === 'at' || name.endsWith('_at')))
    return html`<${Time} at=${value} />`
  return html`${valueOf(name, value)}`
}

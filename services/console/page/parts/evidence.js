import { html } from 'htm/preact'
import { valueOf, words } from '../format.js'
import { Time } from './time.js'

/** @typedef {import('../../../../schemas/finding.ts').Finding} Finding */

/** Prefixes by which detectors name the two sides of a comparison. */
const sides = /** @type {const} */ ([
  { one: 'from_', other: 'to_', titles: ['Before', 'Then'] },
  { one: 'previous_', other: 'current_', titles: ['Before', 'Then'] },
  { one: 'expected_', other: 'observed_', titles: ['Expected', 'Observed'] },
])

/** The figures behind a score. Where two events matter, both stand side by side. @param {{ finding: Finding }} props */
export function EvidenceFigures({ finding }) {
  const rest = new Map(Object.entries(finding.evidence))
  // The later event is the one that made the finding, so its time need not stand in the evidence.
  if (rest.has('from_at') && !rest.has('to_at')) rest.set('to_at', finding.observed_at)
  const tables = sides.flatMap(({ one, other, titles }) => {
    const rows = pairs(rest, one, other)
    return rows.length === 0 ? [] : [{ titles, rows }]
  })
  if (tables.length === 0 && rest.size === 0) return null
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
      html`<dl class="figures">
        ${[...rest].map(
          ([name, value]) =>
            html`<div key=${name} class=${isText(value) ? 'text' : null}>
              <dt>${words(name)}</dt>
              <dd class="figure"><${Value} name=${name} value=${value} /></dd>
            </div>`,
        )}
      </dl>`
    }
  </div>`
}

/** Whether it is a sentence or more, which needs the whole width. @param {unknown} value */
function isText(value) {
  return typeof value === 'string' && value.length > 60
}

/**
 * Takes what is named on both sides out of `rest`; once there is such a pair,
 * also what is named on one side only.
 *
 * @param {Map<string, unknown>} rest
 * @param {string} one
 * @param {string} other
 */
function pairs(rest, one, other) {
  const bare = (/** @type {string} */ key) =>
    key.startsWith(one) ? key.slice(one.length) : key.startsWith(other) ? key.slice(other.length) : null
  const names = [...new Set([...rest.keys()].map(bare))].filter((name) => name !== null)
  if (!names.some((name) => rest.has(one + name) && rest.has(other + name))) return []
  return names.map((name) => {
    const row = { name, before: rest.get(one + name), after: rest.get(other + name) }
    rest.delete(one + name)
    rest.delete(other + name)
    return row
  })
}

/** @param {{ name: string, value: unknown }} props */
function Value({ name, value }) {
  if (value === undefined) return html`<span class="muted">not recorded</span>`
  if (typeof value === 'string' && (name === 'at' || name.endsWith('_at')))
    return html`<${Time} at=${value} />`
  return html`${valueOf(name, value)}`
}

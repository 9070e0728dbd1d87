import { html } from 'htm/preact'
import { useApi } from '../hooks.js'
import { variableValues } from '../questions.js'
import { replaceQuery } from '../route.js'

/** @typedef {import('../questions.js').Dashboard['variables'][number]} Variable */

/** A variable of a dashboard: typed in, or chosen from what the store knows. @param {{ uid: string, variable: Variable, route: import('../route.js').Route, query: import('../questions.js').Query }} props */
export function VariableInput({ uid, variable, route, query }) {
  const name = `var-${variable.name}`
  const loaded = useApi(variable.type === 'query' ? variableValues(uid, variable.name, query) : null)
  const value = route.query.get(name) ?? ''
  const change = (/** @type {Event} */ event) => {
    const { target } = event
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement)
      replaceQuery(route, { [name]: target.value })
  }
  return html`<label class="variable">
    <span>${variable.label || variable.name}</span>
    ${
      variable.type === 'query'
        ? html`<select name=${name} value=${value} onChange=${change}>
            <option value="">All</option>
            ${[...new Set([...(value ? [value] : []), ...(loaded.data?.values ?? [])])].map(
              (each) => html`<option key=${each} value=${each}>${each}</option>`,
            )}
          </select>`
        : html`<input
            name=${name}
            value=${value}
            maxlength="300"
            autocomplete="off"
            spellcheck=${false}
            placeholder=${variable.description}
            onChange=${change}
          />`
    }
  </label>`
}

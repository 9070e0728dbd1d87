import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { readFilter, writeFilter } from '../dashboards/ad-hoc.js'
import { fieldText } from '../form.js'
import { useApi } from '../hooks.js'
import { columnValues, filterColumns } from '../questions.js'
import { changeQuery } from '../route.js'

/** @typedef {import('../questions.js').Dashboard['variables'][number]} Variable */

const operators = ['=', '!=', '<', '>', '=~', '!~']
const MOST_FILTERS = 10

/** Conditions that the reader adds: each a column, how it is compared, a value. @param {{ uid: string, variable: Variable, route: import('../route.js').Route, query: import('../questions.js').Query }} props */
export function AdHocFilters({ uid, variable, route, query }) {
  const name = `var-${variable.name}`
  const [open, setOpen] = useState(false)
  const [column, setColumn] = useState('')
  const written = route.query.getAll(name)
  const columns = useApi(open ? filterColumns(uid) : null)
  const known = columns.data?.values ?? []
  const values = useApi(open && known.includes(column) ? columnValues(uid, column, query) : null)
  const label = variable.label || variable.name

  /** @param {SubmitEvent} event */
  function add(event) {
    event.preventDefault()
    const [key, operator, value] = ['key', 'operator', 'value'].map((field) => fieldText(event, field))
    if (!key || !operator) return
    setOpen(false)
    setColumn('')
    changeQuery(route, { [name]: [...written, writeFilter({ key, operator, value: value ?? '' })] })
  }

  return html`<div class="variable" role="group" aria-label=${label}>
    <span title=${variable.description}>${label}</span>
    ${written.map((text, i) => {
      const { key, operator, value } = readFilter(text)
      return html`<span key=${text} class="filter">
        <code>${key} ${operator} ${value}</code>
        <button
          type="button"
          class="plain"
          aria-label=${`Remove ${key} ${operator} ${value}`}
          onClick=${() => changeQuery(route, { [name]: written.filter((_, j) => j !== i) })}
        >
          ×
        </button>
      </span>`
    })}
    ${
      written.length < MOST_FILTERS &&
      !open &&
      html`<button type="button" onClick=${() => setOpen(true)}>Add a filter</button>`
    }
    ${
      open &&
      html`<form class="row" onSubmit=${add}>
        <input
          name="key"
          aria-label="Column"
          placeholder="column"
          list=${`${name}-columns`}
          required
          pattern="[A-Za-z_][A-Za-z0-9_]*"
          maxlength="100"
          autocomplete="off"
          onInput=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) => setColumn(event.currentTarget.value)}
        />
        <select name="operator" aria-label="Comparison">
          ${operators.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
        </select>
        <input
          name="value"
          aria-label="Value"
          placeholder="value"
          list=${`${name}-values`}
          maxlength="300"
          autocomplete="off"
        />
        <datalist id=${`${name}-columns`}>
          ${known.map((each) => html`<option key=${each} value=${each} />`)}
        </datalist>
        <datalist id=${`${name}-values`}>
          ${(values.data?.values ?? []).map((each) => html`<option key=${each} value=${each} />`)}
        </datalist>
        <button type="submit" class="primary">Filter</button>
        <button type="button" class="plain" onClick=${() => setOpen(false)}>Cancel</button>
        ${columns.error && html`<span class="muted" role="alert">${columns.error.message}</span>`}
      </form>`
    }
  </div>`
}

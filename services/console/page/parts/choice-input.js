import { html } from 'htm/preact'
import { useRef, useState } from 'preact/hooks'
import { useApi } from '../hooks.js'
import { variableValues } from '../questions.js'
import { changeQuery } from '../route.js'

/** Values shown of a long list; the search finds the others. */
const MOST_SHOWN = 100

/**
 * A variable that is chosen from what the store knows, one or several, with a
 * search above the list; what is not in the list may be typed where the
 * definition allows it.
 *
 * @param {{ uid: string, variable: import('../questions.js').Dashboard['variables'][number], route: import('../route.js').Route, query: import('../questions.js').Query }} props
 */
export function ChoiceInput({ uid, variable, route, query }) {
  const name = `var-${variable.name}`
  const popover = useRef(/** @type {HTMLDetailsElement | null} */ (null))
  const [search, setSearch] = useState('')
  const chosen = route.query.getAll(name)
  // The choice itself asks for no other list.
  const { [name]: _, from: _from, to: _to, ...others } = query
  const { data, error } = useApi(
    variable.type === 'query' ? variableValues(uid, variable.name, others) : null,
  )
  const known = data?.values ?? variable.choices ?? []
  const found = [...new Set([...chosen, ...known])].filter((value) =>
    value.toLowerCase().includes(search.trim().toLowerCase()),
  )
  const typed = search.trim()
  const all = variable.includeAll ? 'All' : (first(variable.current?.value) ?? 'none')

  /** @param {readonly string[]} values */
  const choose = (values) => {
    setSearch('')
    if (!variable.multi && popover.current) popover.current.open = false
    changeQuery(route, { [name]: values })
  }
  const toggle = (/** @type {string} */ value) =>
    choose(
      !variable.multi
        ? [value]
        : chosen.includes(value)
          ? chosen.filter((each) => each !== value)
          : [...chosen, value],
    )

  return html`<div class="variable">
    <span id=${`label-${name}`}>${variable.label || variable.name}</span>
    <details
      class="popover"
      ref=${popover}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Escape' && popover.current) popover.current.open = false
      }}
    >
      <summary class="button" aria-labelledby=${`label-${name} value-${name}`}>
        <span id=${`value-${name}`}>${summary(chosen, all)}</span>
      </summary>
      <div class="stack tight">
        <input
          type="search"
          name=${`search-${variable.name}`}
          aria-label=${`Search in ${variable.label || variable.name}`}
          placeholder="Search"
          maxlength="300"
          value=${search}
          onInput=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) => setSearch(event.currentTarget.value)}
        />
        ${error && html`<p class="muted" role="alert">${error.message}</p>`}
        <ul class="choices" role="group" aria-label=${variable.label || variable.name}>
          ${
            variable.includeAll &&
            html`<li key="all">
              <label
                ><input
                  type="checkbox"
                  checked=${chosen.length === 0}
                  onChange=${() => choose([])}
                />All</label
              >
            </li>`
          }
          ${found.slice(0, MOST_SHOWN).map(
            (value) =>
              html`<li key=${value}>
                <label
                  ><input
                    type="checkbox"
                    checked=${chosen.includes(value)}
                    onChange=${() => toggle(value)}
                  />${value}</label
                >
              </li>`,
          )}
        </ul>
        ${found.length > MOST_SHOWN && html`<p class="muted">and ${found.length - MOST_SHOWN} more; search for one</p>`}
        ${
          typed !== '' &&
          variable.type === 'query' &&
          variable.allowCustomValue &&
          !found.includes(typed) &&
          html`<button type="button" onClick=${() => toggle(typed)}>Take “${typed}”</button>`
        }
      </div>
    </details>
  </div>`
}

/** @param {readonly string[]} chosen @param {string} all */
function summary(chosen, all) {
  if (chosen.length === 0) return all
  return chosen.length > 2
    ? `${chosen.slice(0, 2).join(', ')} and ${chosen.length - 2} more`
    : chosen.join(', ')
}

/** @param {string | string[] | undefined} value */
function first(value) {
  return typeof value === 'object' ? value[0] : value
}

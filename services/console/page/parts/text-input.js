import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { useApi } from '../hooks.js'
import { columnValues } from '../questions.js'
import { changeQuery } from '../route.js'

/** Which column of a decision holds what a variable stands for, so that its values can be suggested. @type {Readonly<Record<string, string>>} */
const columns = {
  subject: 'subject_id',
  session: 'subject_session_id',
  source: 'enrichment_source_prefix',
}

/**
 * A variable that is typed in; once the reader is about to, the store suggests
 * what there is.
 *
 * @param {{ uid: string, variable: import('../questions.js').Dashboard['variables'][number], route: import('../route.js').Route, query: import('../questions.js').PanelQuery }} props
 */
export function TextInput({ uid, variable, route, query }) {
  const name = `var-${variable.name}`
  const [about, setAbout] = useState(false)
  const column = columns[variable.name]
  const known = useApi(
    about && column !== undefined ? columnValues(uid, column, { 'var-tenant': query['var-tenant'] }) : null,
  )
  return html`<label class="variable">
    <span>${variable.label || variable.name}</span>
    <input
      name=${name}
      value=${route.query.get(name) ?? variable.default ?? ''}
      list=${`${name}-known`}
      maxlength="300"
      autocomplete="off"
      spellcheck=${false}
      placeholder=${variable.description}
      onFocus=${() => setAbout(true)}
      onChange=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) =>
        changeQuery(route, { [name]: event.currentTarget.value.trim() })}
    />
    <datalist id=${`${name}-known`}>
      ${(known.data?.values ?? []).map((value) => html`<option key=${value} value=${value} />`)}
    </datalist>
  </label>`
}

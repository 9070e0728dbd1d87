import { html } from 'htm/preact'
import { changeQuery } from '../route.js'

/** A variable that is typed in. @param {{ variable: import('../questions.js').Dashboard['variables'][number], route: import('../route.js').Route }} props */
export function TextInput({ variable, route }) {
  const name = `var-${variable.name}`
  return html`<label class="variable">
    <span>${variable.label || variable.name}</span>
    <input
      name=${name}
      value=${route.query.get(name) ?? variable.default ?? ''}
      maxlength="300"
      autocomplete="off"
      spellcheck=${false}
      placeholder=${variable.description}
      onChange=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) =>
        changeQuery(route, { [name]: event.currentTarget.value.trim() })}
    />
  </label>`
}

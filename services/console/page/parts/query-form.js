import { html } from 'htm/preact'
import { fieldText } from '../form.js'
import { changeQuery } from '../route.js'

/**
 * A field for each parameter of a saved query. What is given stands in the
 * address, so that a question can be handed on; the tenant is chosen above.
 *
 * @param {{ query: import('../questions.js').SavedQuery, route: import('../route.js').Route, tenant: string }} props
 */
export function QueryForm({ query, route, tenant }) {
  const fields = query.parameters.filter(({ name }) => name !== 'tenant')
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault()
    changeQuery(route, {
      tenant: tenant === 'default' ? undefined : tenant,
      ...Object.fromEntries(fields.map(({ name }) => [`p-${name}`, fieldText(event, name)])),
    })
  }
  return html`<form class="panel pad filters" onSubmit=${submit}>
    ${fields.map((parameter) => {
      const given = route.query.get(`p-${parameter.name}`) ?? parameter.default ?? ''
      return html`<label key=${parameter.name} title=${parameter.hint}
        >${parameter.title} <${Field} parameter=${parameter} given=${given}
      /></label>`
    })}
    <button type="submit" class="primary">Ask</button>
  </form>`
}

/** @param {{ parameter: import('../../queries/parameter.ts').Parameter, given: string }} props */
function Field({ parameter, given }) {
  const { name, hint, choices, default: preset } = parameter
  if (choices.length > 0)
    return html`<select name=${name} value=${given}>
      ${choices.map((choice) => html`<option key=${choice} value=${choice}>${choice}</option>`)}
    </select>`
  return html`<input
    name=${name}
    value=${given}
    placeholder=${hint}
    maxlength="1000"
    required=${preset === null}
    autocomplete="off"
    spellcheck=${false}
  />`
}

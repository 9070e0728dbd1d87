import { html } from 'htm/preact'
import { AdHocFilters } from './ad-hoc-filters.js'
import { ChoiceInput } from './choice-input.js'
import { Notice } from './notice.js'
import { TextInput } from './text-input.js'

/** Grafana's `hide`: 2 hides a variable altogether. */
const HIDDEN = 2
/** The tenant is chosen above, and this is the console. */
const elsewhere = ['tenant', 'console']

/** The variables of a board. @param {{ definition: import('../questions.js').Dashboard, route: import('../route.js').Route, query: import('../questions.js').PanelQuery }} props */
export function VariableBar({ definition, route, query }) {
  const shown = definition.variables.filter(
    ({ name, type, hide }) => !elsewhere.includes(name) && type !== 'constant' && hide !== HIDDEN,
  )
  if (shown.length === 0) return null
  const unnamed = shown.find(
    ({ name, type, default: otherwise }) =>
      type === 'textbox' && !(route.query.get(`var-${name}`) ?? otherwise),
  )
  return html`<div class="row variables">
      ${shown.map((variable) => {
        const View =
          variable.type === 'adhoc' ? AdHocFilters : variable.type === 'textbox' ? TextInput : ChoiceInput
        return html`<${View}
          key=${variable.name}
          uid=${definition.uid}
          variable=${variable}
          route=${route}
          query=${query}
        />`
      })}
    </div>
    ${
      unnamed &&
      html`<${Notice}>
        This page is about one ${(unnamed.label || unnamed.name).toLowerCase()}: name it above, where what
        there is will be suggested. Until then most panels are empty.
      <//>`
    }`
}

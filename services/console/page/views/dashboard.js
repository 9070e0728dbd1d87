import { html } from 'htm/preact'
import { useMemo } from 'preact/hooks'
import { useApi, useNow, useTitle } from '../hooks.js'
import { Failure, Loading } from '../parts/notice.js'
import { PanelCard } from '../parts/panel-card.js'
import { VariableInput } from '../parts/variable-input.js'
import { dashboard } from '../questions.js'
import { replaceQuery } from '../route.js'
import { titleOf } from './dashboards.js'
import { momentOf, spans } from '../time-range.js'

/** @typedef {import('../questions.js').Dashboard} Dashboard */

/** How often a dashboard that is watched asks again, where its definition says that it is. */
const EVERY_MS = 30_000

/** One dashboard, in the layout that Grafana draws. @param {{ route: import('../route.js').Route, tenant: string }} props */
export function DashboardView({ route, tenant }) {
  const uid = route.segments[1] ?? ''
  const loaded = useApi(dashboard(uid))
  const definition = loaded.data
  useTitle(definition?.title ?? 'Dashboard')
  return html`<article class="stack dashboard">
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    ${!definition && !loaded.error && html`<${Loading} what="the dashboard" />`}
    ${definition && html`<${Board} definition=${definition} route=${route} tenant=${tenant} />`}
  </article>`
}

/** @param {{ definition: Dashboard, route: import('../route.js').Route, tenant: string }} props */
function Board({ definition, route, tenant }) {
  const now = useNow(definition.refresh ? EVERY_MS : 3_600_000)
  const from = route.query.get('from') ?? definition.time.from
  const to = route.query.get('to') ?? definition.time.to
  const asked = [...route.query].filter(([name]) => name.startsWith('var-'))
  const range = useMemo(() => ({ from: momentOf(from, now), to: momentOf(to, now) }), [from, to, now])
  const query = {
    ...range,
    ...Object.fromEntries(asked.map(([name]) => [name, route.query.getAll(name)])),
    'var-tenant': tenant,
  }
  const variables = definition.variables.filter(({ name }) => name !== 'tenant' && name !== 'console')

  return html`
    <header class="row spread">
      <div class="stack tight">
        <h1>${titleOf(definition.title)}</h1>
        <span class="muted">${definition.description}</span>
      </div>
      <div class="toggle" role="group" aria-label="Time range">
        ${spans.map(
          (span) =>
            html`<button
              key=${span.name}
              type="button"
              aria-pressed=${span.from === from}
              onClick=${() => replaceQuery(route, { from: span.from, to: undefined })}
            >
              ${span.name}
            </button>`,
        )}
      </div>
    </header>
    ${
      variables.length > 0 &&
      html`<div class="row">
        ${variables.map(
          (variable) =>
            html`<${VariableInput}
              key=${variable.name}
              uid=${definition.uid}
              variable=${variable}
              route=${route}
              query=${query}
            />`,
        )}
      </div>`
    }
    <div class="grid24">
      ${definition.panels.map(
        (panel) => html`<${PanelCard} key=${panel.id} uid=${definition.uid} panel=${panel} query=${query} />`,
      )}
    </div>
  `
}

import { html } from 'htm/preact'
import { useApi, useTitle } from '../hooks.js'
import { Empty, Failure, Loading } from '../parts/notice.js'
import { dashboards } from '../questions.js'
import { link } from '../route.js'

/** What can be asked: the dashboards that Grafana is given as well. @param {{ tenant: string }} props */
export function DashboardsView({ tenant }) {
  useTitle('Dashboards')
  const loaded = useApi(dashboards())
  const list = loaded.data?.dashboards

  return html`<div class="stack">
    <h1>Dashboards</h1>
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    ${!list && !loaded.error && html`<${Loading} what="dashboards" />`}
    ${
      list?.length === 0 &&
      html`<${Empty} title="No dashboards are installed.">They belong in deploy/grafana/dashboards.<//>`
    }
    <ul class="tiles">
      ${list?.map(
        ({ uid, title, description }) =>
          html`<li key=${uid} class="panel pad stack tight">
            <a class="title" href=${link(['dashboards', uid], { tenant: tenant === 'default' ? '' : tenant })}
              >${titleOf(title)}</a
            >
            <span class="muted">${description}</span>
          </li>`,
      )}
    </ul>
  </div>`
}

/** Without the product's name, which this page says already. @param {string} title */
export function titleOf(title) {
  const own = title.replace(/^Gatewatch: /, '')
  return own.charAt(0).toUpperCase() + own.slice(1)
}

import { html } from 'htm/preact'
import { useApi, useTitle } from '../hooks.js'
import { Empty, Failure, Loading, Notice } from '../parts/notice.js'
import { queries } from '../questions.js'
import { link } from '../route.js'

/** Questions that were asked before: those that come with Gatewatch, and the operator's own. @param {{ tenant: string }} props */
export function QueriesView({ tenant }) {
  useTitle('Queries')
  const loaded = useApi(queries())
  const { data } = loaded

  return html`<div class="stack">
    <h1>Queries</h1>
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    ${!data && !loaded.error && html`<${Loading} what="queries" />`}
    ${data?.problems.map((problem) => html`<${Notice} key=${problem} tone="warn">A saved query can't be used: ${problem}.<//>`)}
    ${data?.queries.length === 0 && html`<${Empty} title="No query is saved.">gatewatch query --save keeps one.<//>`}
    <ul class="tiles">
      ${data?.queries.map(
        ({ name, title, description, origin }) =>
          html`<li key=${name} class="panel pad stack tight">
            <a class="title" href=${link(['queries', name], { tenant: tenant === 'default' ? '' : tenant })}
              >${title}</a
            >
            <span class="muted">${description}</span>
            ${origin === 'own' && html`<span class="row"><span class="badge">yours</span></span>`}
          </li>`,
      )}
    </ul>
  </div>`
}

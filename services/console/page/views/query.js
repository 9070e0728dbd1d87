import { html } from 'htm/preact'
import { withQuery } from '../api.js'
import { useApi, useTitle } from '../hooks.js'
import { Empty, Failure, Loading, Notice } from '../parts/notice.js'
import { QueryForm } from '../parts/query-form.js'
import { QueryRows } from '../parts/query-rows.js'
import { answer, queries } from '../questions.js'
import { link } from '../route.js'

/** Asks a saved query: a field for each parameter, the answer as a table and to keep. @param {{ route: import('../route.js').Route, tenant: string }} props */
export function QueryView({ route, tenant }) {
  const name = route.segments[1] ?? ''
  const list = useApi(queries())
  const query = list.data?.queries.find((one) => one.name === name)
  useTitle(query?.title ?? 'Query')
  if (!list.data) {
    return list.error
      ? html`<${Failure} error=${list.error} retry=${list.reload} />`
      : html`<${Loading} what="the query" />`
  }
  if (!query) {
    return html`<section class="panel">
      <${Empty} title="There is no such query."><a href=${link(['queries'])}>All queries</a><//>
    </section>`
  }
  return html`<article class="stack">
    <header class="stack tight">
      <a class="muted" href=${link(['queries'], { tenant: tenant === 'default' ? '' : tenant })}
        >All queries</a
      >
      <h1>${query.title}</h1>
      <p class="muted">${query.description}</p>
    </header>
    <${QueryForm} query=${query} route=${route} tenant=${tenant} />
    <${Answer} query=${query} values=${valuesIn(query, route, tenant)} />
    <details>
      <summary>SQL</summary>
      <pre class="scroll"><code>${query.sql}</code></pre>
    </details>
  </article>`
}

/** @param {{ query: import('../questions.js').SavedQuery, values: Record<string, string> | null }} props null: not all are given */
function Answer({ query, values }) {
  const loaded = useApi(values === null ? null : answer(query.name, values))
  const { data } = loaded
  if (values === null) return null
  if (!data) {
    return loaded.error
      ? html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`
      : html`<${Loading} what="the answer" />`
  }
  const file = (/** @type {string} */ format) =>
    withQuery(`api/v1/queries/${encodeURIComponent(query.name)}/${format}`, values)
  return html`<section class="panel" aria-label="Answer">
    <div class="row spread pad-title">
      <h2>${data.rows.length === 1 ? 'One row' : `${data.rows.length} rows`}</h2>
      <span class="row">
        <a class="button" download href=${file('csv')}>CSV</a>
        <a class="button" download href=${file('json')}>JSON</a>
      </span>
    </div>
    ${data.cut && html`<${Notice} tone="warn">There are more rows than an answer takes; choose a shorter range.<//>`}
    ${
      data.rows.length === 0
        ? html`<${Empty} title="Nothing."
            >No decision of this range fits; widen it, or see whether each value is written whole.<//
          >`
        : html`<${QueryRows} answer=${data} title=${query.title} />`
    }
  </section>`
}

/**
 * The values of the address, and the defaults; null where one is needed and lacks.
 *
 * @param {import('../questions.js').SavedQuery} query @param {import('../route.js').Route} route @param {string} tenant
 */
function valuesIn({ parameters }, route, tenant) {
  /** @type {Record<string, string>} */
  const values = {}
  for (const { name, default: preset } of parameters) {
    const value = name === 'tenant' ? tenant : (route.query.get(`p-${name}`) ?? preset)
    if (value === null || value === '') return null
    values[name] = value
  }
  return values
}

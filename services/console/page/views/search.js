import { html } from 'htm/preact'
import { useEffect } from 'preact/hooks'
import { ApiError, ask } from '../api.js'
import { fieldText } from '../form.js'
import { useApi, useTitle } from '../hooks.js'
import { DecisionTable } from '../parts/decision-table.js'
import { Empty, Failure, Loading } from '../parts/notice.js'
import { decision, decisions as decisionsBy } from '../questions.js'
import { link } from '../route.js'

/** Finds decisions by id, person, address or time range. An id that exists goes straight to its explanation. @param {{ route: import('../route.js').Route, tenant: string }} props */
export function SearchView({ route, tenant }) {
  useTitle('Search')
  const { query } = route
  const q = query.get('q') ?? ''
  useEffect(() => goToDecision(q, tenant), [q, tenant])

  const filter = {
    tenant,
    q,
    subject: query.get('subject'),
    source: query.get('source'),
    outcome: query.get('outcome'),
    from: query.get('from'),
    to: query.get('to'),
    limit: 200,
  }
  const asked = q !== '' || ['subject', 'source', 'outcome', 'from', 'to'].some((name) => query.has(name))
  const loaded = useApi(asked ? decisionsBy(filter) : null)
  const decisions = loaded.data?.decisions

  return html`<div class="stack">
    <h1>Search</h1>
    <form class="panel pad filters" onSubmit=${(/** @type {SubmitEvent} */ event) => submit(event, tenant)}>
      <input
        name="q"
        type="search"
        class="wide"
        maxlength="300"
        placeholder="Decision id, person or address"
        aria-label="Decision id, person or address"
        value=${q}
        spellcheck=${false}
      />
      <label
        >From <input name="from" type="datetime-local" step="1" value=${toLocal(query.get('from'))}
      /></label>
      <label>to <input name="to" type="datetime-local" step="1" value=${toLocal(query.get('to'))} /></label>
      <select name="outcome" aria-label="Outcome" value=${query.get('outcome') ?? ''}>
        <option value="">any outcome</option>
        <option value="refused">refused</option>
        ${['permit', 'deny', 'step_up', 'revoke', 'error_closed', 'error_open'].map(
          (name) => html`<option key=${name} value=${name}>${name.replace('_', ' ')}</option>`,
        )}
      </select>
      <button type="submit" class="primary">Search</button>
    </form>
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    <section class="panel" aria-label="Results">
      ${
        decisions && decisions.length > 0
          ? html`<${DecisionTable} decisions=${decisions} tenant=${tenant} />`
          : decisions
            ? html`<${Empty} title="Nothing found.">
                A name or an address must be given whole. Without a range the last seven days are searched;
                widen it above, or pick another tenant.
              <//>`
            : asked && !loaded.error
              ? html`<${Loading} what="decisions" />`
              : !asked &&
                html`<${Empty} title="Why was somebody refused?">
                  Paste the decision id from the refusal page, or give a person or an address to see what was
                  decided.
                <//>`
      }
    </section>
  </div>`
}

/** @param {string} q @param {string} tenant */
function goToDecision(q, tenant) {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:@+=,-]{7,127}$/.test(q)) return undefined
  const aborter = new AbortController()
  ask(decision(q), aborter.signal).then(
    () => location.replace(link(['decisions', q], { tenant: tenant === 'default' ? undefined : tenant })),
    (error) => {
      // No such id: then it is a name or an address, and the list below answers.
      if (!(error instanceof ApiError) && !aborter.signal.aborted) throw error
    },
  )
  return () => aborter.abort()
}

/** @param {SubmitEvent} event @param {string} tenant */
function submit(event, tenant) {
  event.preventDefault()
  const text = (/** @type {string} */ name) => fieldText(event, name)
  location.hash = link(['search'], {
    q: text('q'),
    from: toUtc(text('from')),
    to: toUtc(text('to')),
    outcome: text('outcome'),
    tenant: tenant === 'default' ? undefined : tenant,
  })
}

/** @param {string} local as an input of type datetime-local gives it */
function toUtc(local) {
  const ms = Date.parse(local)
  return Number.isFinite(ms) ? new Date(ms).toISOString() : ''
}

/** @param {string | null} utc */
function toLocal(utc) {
  const ms = Date.parse(utc ?? '')
  if (!Number.isFinite(ms)) return ''
  const shifted = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19)
}

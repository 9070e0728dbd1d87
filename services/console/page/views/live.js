import { html } from 'htm/preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { withQuery } from '../api.js'
import { number } from '../format.js'
import { useApi, useTitle } from '../hooks.js'
import { DecisionTable } from '../parts/decision-table.js'
import { Empty, Failure, Notice } from '../parts/notice.js'
import { decisions } from '../questions.js'
import { replaceQuery } from '../route.js'
import { followEvents } from '../sse.js'

/** @typedef {import('../../decision-row.ts').DecisionSummary} DecisionSummary */

/** Rows kept in the page; older ones are a search away. */
const MOST_ROWS = 200

const choices = [
  { name: 'All', outcome: undefined },
  { name: 'Refused', outcome: 'refused' },
  { name: 'Permitted', outcome: 'permit' },
]

/** @param {{ route: import('../route.js').Route, tenant: string }} props */
export function LiveView({ route, tenant }) {
  useTitle('Live decisions')
  const outcome = route.query.get('outcome') ?? undefined
  const subject = route.query.get('subject') ?? undefined
  const filter = { tenant, outcome, subject }
  const { data, error, reload } = useApi(decisions({ ...filter, limit: 100 }))
  const live = useLive(filter)
  const [paused, setPaused] = useState(/** @returns {readonly DecisionSummary[] | null} */ () => null)

  const rows = useMemo(() => newest([...live.rows, ...(data?.decisions ?? [])]), [live.rows, data])
  const shown = paused ?? rows
  const waiting = paused ? rows.findIndex((row) => row.id === paused[0]?.id) : 0

  return html`<div class="stack">
    <div class="row spread">
      <h1>Live decisions</h1>
      <div class="row">
        <span class="muted figure" role="status">${rate(live, paused !== null, rows)}</span>
        <button
          type="button"
          aria-pressed=${paused !== null}
          onClick=${() => setPaused(paused ? null : rows)}
        >
          ${paused ? 'Go on' : 'Pause'}
        </button>
      </div>
    </div>
    <div class="filters">
      <div class="toggle" role="group" aria-label="Outcome">
        ${choices.map(
          (choice) =>
            html`<button
              key=${choice.name}
              type="button"
              aria-pressed=${outcome === choice.outcome}
              onClick=${() => replaceQuery(route, { outcome: choice.outcome })}
            >
              ${choice.name}
            </button>`,
        )}
      </div>
      <label>
        <span class="hidden-text">Only this person</span>
        <input
          type="search"
          placeholder="Only this person"
          maxlength="256"
          value=${subject ?? ''}
          onChange=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) =>
            replaceQuery(route, { subject: event.currentTarget.value.trim() })}
        />
      </label>
    </div>
    ${error && html`<${Failure} error=${error} retry=${reload} />`}
    ${!live.connected && live.tried && html`<${Notice} tone="warn">The live stream is interrupted; it is being opened again.<//>`}
    ${
      paused &&
      waiting > 0 &&
      html`<${Notice}
        >${`Paused. ${waiting >= MOST_ROWS - 1 ? 'More than ' : ''}${number(waiting)} newer decisions wait.`}<//
      >`
    }
    <section class="panel" aria-label="Decisions, newest first">
      ${
        shown.length > 0
          ? html`<${DecisionTable} decisions=${shown} tenant=${tenant} />`
          : html`<${Empty} title=${data || error ? 'No decision yet.' : 'Listening …'}>
              ${
                outcome || subject
                  ? 'Nothing passes the filter; clear it to see every decision.'
                  : 'Send a request through the gateway, or put a log in: gatewatch import --format sshd FILE.'
              }
            <//>`
      }
    </section>
  </div>`
}

/** @typedef {{ rows: DecisionSummary[], connected: boolean, tried: boolean, seen: number, left_out: number, period_ms: number }} Live */

/** @param {{ tenant: string, outcome: string | undefined, subject: string | undefined }} filter */
function useLive(filter) {
  const [live, setLive] = useState(
    /** @returns {Live} */ () => ({
      rows: [],
      connected: false,
      tried: false,
      seen: 0,
      left_out: 0,
      period_ms: 1000,
    }),
  )
  const url = withQuery('api/v1/decisions/stream', filter)
  const rows = useRef(/** @type {DecisionSummary[]} */ ([]))
  useEffect(() => {
    rows.current = []
    const changed = (/** @type {boolean} */ connected) =>
      setLive((before) => ({ ...before, connected, tried: true }))
    const listeners = {
      decisions: (
        /** @type {{ decisions: DecisionSummary[], seen: number, left_out: number, period_ms: number }} */ tick,
      ) => {
        rows.current = newest([...tick.decisions, ...rows.current])
        const { seen, left_out, period_ms } = tick
        setLive((before) => ({ ...before, rows: rows.current, seen, left_out, period_ms }))
      },
    }
    setLive((before) => ({ ...before, rows: [] }))
    return followEvents(url, listeners, changed)
  }, [url])
  return live
}

/**
 * What is left out is said: a page that hides rows silently is believed wrongly.
 *
 * @param {Live} live
 * @param {boolean} paused
 * @param {readonly DecisionSummary[]} rows
 */
function rate(live, paused, rows) {
  if (paused) return 'paused'
  if (!live.connected) return 'not connected'
  const perSecond = (live.seen * 1000) / Math.max(1, live.period_ms)
  if (perSecond < 1) {
    const since = Date.now() - 60_000
    const lately = rows.filter(({ decided_at }) => Date.parse(decided_at) > since).length
    return `${number(lately)} in the last minute`
  }
  if (live.left_out === 0) return `${number(Math.round(perSecond))} a second`
  return `${number(Math.round(perSecond))} a second, ${number(live.seen - live.left_out)} of ${number(live.seen)} shown, refused ones first`
}

/** @param {DecisionSummary[]} rows */
function newest(rows) {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return [...byId.values()]
    .sort((a, b) => (a.decided_at < b.decided_at ? 1 : a.decided_at > b.decided_at ? -1 : 0))
    .slice(0, MOST_ROWS)
}

import { html } from 'htm/preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { useAnswer } from '../dashboards/use-answer.js'
import { useApi, useTitle } from '../hooks.js'
import { BoardLinks } from '../parts/board-links.js'
import { Happenings } from '../parts/happenings.js'
import { Empty, Failure, Loading } from '../parts/notice.js'
import { PanelCard } from '../parts/panel-card.js'
import { RangePicker } from '../parts/range-picker.js'
import { RefreshControl } from '../parts/refresh-control.js'
import { VariableBar } from '../parts/variable-bar.js'
import { annotations, dashboard } from '../questions.js'
import { changeQuery, link } from '../route.js'
import { momentOf, pauseOf, rangeOf } from '../time-range.js'
import { titleOf } from './dashboards.js'

/** @typedef {import('../questions.js').Dashboard} Dashboard */
/** @typedef {import('../route.js').Route} Route */

/** Asked no more often than this, whatever an address says. */
const LEAST_PAUSE_MS = 5000
/** @type {never[]} */
const none = []

/** One dashboard, in the layout that Grafana draws. @param {{ route: Route, tenant: string }} props */
export function DashboardView({ route, tenant }) {
  const uid = route.segments[1] ?? ''
  const loaded = useApi(dashboard(uid))
  const definition = loaded.data
  useTitle(definition?.title ?? 'Dashboard')
  if (loaded.error?.status === 404)
    return html`<section class="panel">
      <${Empty} title="There is no such dashboard.">
        <p><a href=${link(['dashboards'], { tenant })}>All dashboards</a></p>
      <//>
    </section>`
  return html`<article class="stack dashboard">
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    ${!definition && !loaded.error && html`<${Loading} what="the dashboard" />`}
    ${definition && html`<${OpenBoard} definition=${definition} route=${route} tenant=${tenant} />`}
  </article>`
}

/** @param {{ definition: Dashboard, route: Route, tenant: string }} props */
function OpenBoard({ definition, route, tenant }) {
  const every = route.query.get('refresh') ?? definition.refresh ?? 'off'
  const [{ now, turn, stopped }, setAsked] = useState(() => ({ now: Date.now(), turn: 0, stopped: false }))
  const refresh = () => setAsked((before) => ({ now: Date.now(), turn: before.turn + 1, stopped: false }))
  const stop = () => setAsked((before) => ({ ...before, stopped: true }))

  const { from, to } = rangeOf(route.query, definition.time, now)
  const asked = route.query.toString()
  const range = useMemo(() => ({ from: momentOf(from, now), to: momentOf(to, now) }), [from, to, now])
  const query = useMemo(() => questionOf(route, range, tenant), [asked, range, tenant])

  useEffect(() => {
    const pause = pauseOf(every)
    if (pause === 0 || stopped) return undefined
    const timer = setInterval(() => document.hidden || refresh(), Math.max(LEAST_PAUSE_MS, pause))
    return () => clearInterval(timer)
  }, [every, stopped])
  // Another range or another choice is a new question, also after a stop.
  useEffect(() => setAsked((before) => ({ ...before, stopped: false })), [asked])

  const told = useAnswer(definition.annotations.length > 0 ? annotations(definition.uid, query) : null, {
    turn,
    stopped,
  })
  const happenings = told.data?.happenings ?? none
  const board = {
    uid: definition.uid,
    tooltip: definition.graphTooltip,
    timeout_s: definition.query_timeout_s,
    turn,
    stopped,
    range,
    query,
    happenings,
    zoom: (/** @type {number} */ start, /** @type {number} */ end) =>
      changeQuery(route, { from: String(start), to: String(end) }),
  }

  return html`
    <header class="stack tight">
      <div class="row spread">
        <h1>${titleOf(definition.title)}</h1>
        <div class="row">
          <${RangePicker} route=${route} from=${from} range=${range} />
          <${RefreshControl} route=${route} every=${every} refresh=${refresh} stop=${stop} />
        </div>
      </div>
      <p class="muted">${definition.description}</p>
    </header>
    <${VariableBar} definition=${definition} route=${route} query=${query} />
    ${
      definition.annotations.length > 0 &&
      html`<${Happenings}
        kinds=${definition.annotations}
        happenings=${told.data?.happenings}
        error=${told.error}
      />`
    }
    <div class="grid24">
      ${[...definition.panels]
        .sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x)
        .map((panel) =>
          panel.type === 'row'
            ? html`<h2 key=${panel.id} class="row-title">${panel.title}</h2>`
            : html`<${PanelCard} key=${panel.id} panel=${panel} board=${board} />`,
        )}
    </div>
    <${BoardLinks} definition=${definition} route=${route} />
  `
}

/** The range, and every variable that the address gives a value. @param {Route} route @param {{ from: number, to: number }} range @param {string} tenant @returns {import('../questions.js').PanelQuery} */
function questionOf(route, range, tenant) {
  const names = [...route.query.keys()].filter((name) => name.startsWith('var-'))
  return {
    ...range,
    ...Object.fromEntries(names.map((name) => [name, route.query.getAll(name)])),
    'var-tenant': tenant,
  }
}

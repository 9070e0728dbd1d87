import { html } from 'htm/preact'
import { useApi } from '../hooks.js'
import { panel as panelQuestion } from '../questions.js'
import { inUnit } from '../units.js'
import { RowsTable } from './rows-table.js'
import { SeriesChart } from './series-chart.js'

/** @typedef {import('../questions.js').Dashboard['panels'][number]} Panel */
/** @typedef {import('../questions.js').PanelAnswer} PanelAnswer */

/** One panel at its place: its question above, its answer below. @param {{ uid: string, panel: Panel, query: import('../questions.js').PanelQuery }} props */
export function PanelCard({ uid, panel, query }) {
  const { x, w } = panel.gridPos
  const place = `w${w} x${x}`
  const isRow = panel.type === 'row'
  const loaded = useApi(isRow ? null : panelQuestion(uid, panel.id, { ...query, points: w > 12 ? 200 : 100 }))
  if (isRow) return html`<h2 class="w24 x0 row-title">${panel.title}</h2>`
  const answer = loaded.data
  return html`<section
    class=${`panel ${place} panel-${panel.type}`}
    aria-label=${panel.title}
    data-state=${loaded.error ? 'failed' : answer ? 'ready' : 'loading'}
  >
    <h3 title=${panel.description}>${panel.title}</h3>
    ${loaded.error && html`<p class="muted" role="alert">${loaded.error.message}</p>`}
    ${!answer && !loaded.error && html`<p class="muted">…</p>`}
    ${answer && html`<${Answer} panel=${panel} answer=${answer} query=${query} />`}
  </section>`
}

/** @param {{ panel: Panel, answer: PanelAnswer, query: import('../questions.js').PanelQuery }} props */
function Answer({ panel, answer, query }) {
  if (answer.kind === 'unavailable') return html`<p class="muted">${answer.message}</p>`
  if (answer.kind === 'series') {
    return answer.times.length === 0
      ? html`<${Nothing} panel=${panel} />`
      : html`<${SeriesChart} panel=${panel} answer=${answer} from=${query.from} to=${query.to} />`
  }
  if (panel.type === 'stat') return html`<${Stat} panel=${panel} answer=${answer} />`
  return answer.rows.length === 0
    ? html`<${Nothing} panel=${panel} />`
    : html`<${RowsTable} panel=${panel} answer=${answer} query=${query} />`
}

/** @param {{ panel: Panel, answer: Extract<PanelAnswer, { kind: 'rows' }> }} props */
function Stat({ panel, answer }) {
  const { unit, decimals, noValue = '0' } = panel.fieldConfig.defaults
  const value = answer.rows[0]?.[0]
  return html`<p class="stat">
    ${value === null || value === undefined ? noValue : inUnit(value, unit, decimals)}
  </p>`
}

/** @param {{ panel: Panel }} props */
function Nothing({ panel }) {
  return html`<p class="muted">${panel.fieldConfig.defaults.noValue ?? 'Nothing in this time range'}</p>`
}

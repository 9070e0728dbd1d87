import { html } from 'htm/preact'
import { RowsTable } from './rows-table.js'
import { SeriesChart } from './series-chart.js'
import { SeriesTable } from './series-table.js'
import { StatFigures } from './stat-figures.js'
import { WorldMap } from './world-map.js'

/** @typedef {import('../dashboards/field.js').Panel} Panel */
/** @typedef {import('../dashboards/chart-options.js').Board} Board */
/** @typedef {import('../../dashboards/ask-panel.ts').Frame} Frame */
/** @typedef {(props: { panel: Panel, frame: Frame, board: Board, height: number }) => unknown} OfRows */

/** What rows are drawn as, by the kind of their panel; any other kind is a table. @type {Readonly<Record<string, OfRows>>} */
const views = {
  stat: StatFigures,
  geomap: WorldMap,
}

/** The answer of a panel: drawn, or as a table where the reader wants that, or why there is none. @param {{ panel: Panel, answer: import('../questions.js').PanelAnswer, board: Board, asTable: boolean, height: number }} props */
export function PanelAnswerView({ panel, answer, board, asTable, height }) {
  if (answer.kind === 'unavailable') return html`<p class="muted">${answer.message}</p>`
  const none = html`<p class="nothing muted">
    ${panel.fieldConfig.defaults.noValue ?? 'Nothing in this time range'}
  </p>`
  if (answer.kind === 'series') {
    if (answer.times.length === 0) return none
    return asTable
      ? html`<${SeriesTable} panel=${panel} answer=${answer} />`
      : html`<${SeriesChart} panel=${panel} answer=${answer} board=${board} height=${height} />`
  }
  const View = views[panel.type]
  const frames = answer.frames.filter(({ rows }) => rows.length > 0)
  if (frames.length === 0 && panel.type !== 'stat') return none
  return (
    View === undefined || asTable ? frames : (frames.length > 0 ? frames : answer.frames).slice(0, 1)
  ).map((frame) =>
    View === undefined || asTable
      ? html`<${RowsTable} key=${frame.ref_id} panel=${panel} frame=${frame} query=${board.query} />`
      : html`<${View} key=${frame.ref_id} panel=${panel} frame=${frame} board=${board} height=${height} />`,
  )
}

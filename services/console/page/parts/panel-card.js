import { html } from 'htm/preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useAnswer } from '../dashboards/use-answer.js'
import { panel as panelQuestion } from '../questions.js'
import { Asking } from './asking.js'
import { PanelAnswerView } from './panel-answer.js'

/** @typedef {import('../dashboards/field.js').Panel} Panel */
/** @typedef {import('../dashboards/chart-options.js').Board} Board */

const COLUMNS = 24
/** Height of one of the grid's rows, in px, and what the title takes of a panel. */
const ROW_PX = 36
const TITLE_PX = 54

/** One panel at its place: its question above, its answer below. @param {{ panel: Panel, board: Board }} props */
export function PanelCard({ panel, board }) {
  const { w, h } = panel.gridPos
  const place = usePlace(panel.gridPos)
  const [asTable, setAsTable] = useState(false)
  const [again, setAgain] = useState(0)
  const asked = panelQuestion(board.uid, panel.id, { ...board.query, points: w > 12 ? 200 : 100 })
  const { data, error, since } = useAnswer(asked, { turn: board.turn + again, stopped: board.stopped })
  const height = h * ROW_PX - TITLE_PX
  const stopped = board.stopped && data === undefined
  const drawn = panel.type !== 'table' && panel.type !== 'stat'
  const question = `question-${panel.id}`
  return html`<section
    ref=${place}
    class=${`panel panel-${panel.type}`}
    aria-label=${panel.title}
    aria-describedby=${question}
    aria-busy=${since !== undefined}
    data-state=${since !== undefined ? 'loading' : error ? 'failed' : stopped ? 'stopped' : 'ready'}
  >
    <header class="panel-title">
      <h3>${panel.title}</h3>
      ${
        drawn &&
        data !== undefined &&
        data.kind !== 'unavailable' &&
        html`<button
          type="button"
          class="plain"
          aria-pressed=${asTable}
          onClick=${() => setAsTable(!asTable)}
        >
          Table
        </button>`
      }
    </header>
    <p class="question" id=${question} title=${panel.description}>${panel.description}</p>
    ${
      error &&
      html`<div class="failed" role="alert">
        <p>${error.message}</p>
        <button type="button" onClick=${() => setAgain(again + 1)}>Ask again</button>
      </div>`
    }
    ${since !== undefined && html`<${Asking} since=${since} timeout_s=${board.timeout_s} />`}
    ${stopped && html`<p class="muted">Stopped. Refresh asks again.</p>`}
    ${
      data !== undefined &&
      !error &&
      html`<div class="answer">
        <${PanelAnswerView}
          panel=${panel}
          answer=${data}
          board=${board}
          asTable=${asTable}
          height=${height}
        />
      </div>`
    }
  </section>`
}

/** Puts a panel where the definition has it. By script: the page's policy forbids style attributes. @param {Panel['gridPos']} at */
function usePlace({ x, w, h }) {
  const node = useRef(/** @type {HTMLElement | null} */ (null))
  useLayoutEffect(() => {
    // What does not fit beside its neighbour begins a line of its own.
    const fits = x + w <= COLUMNS
    node.current?.style.setProperty('--column', `${fits ? x + 1 : 1} / span ${Math.min(w, COLUMNS)}`)
    node.current?.style.setProperty('--height', `${h * ROW_PX}px`)
  }, [x, w, h])
  return node
}

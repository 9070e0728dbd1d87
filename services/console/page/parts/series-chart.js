import { html } from 'htm/preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { columnsOf, drawnOf } from '../dashboards/chart-data.js'
import { chartOptions } from '../dashboards/chart-options.js'
import { useDark } from '../hooks.js'
import { ChartLegend } from './chart-legend.js'
import { ChartTooltip } from './chart-tooltip.js'

/** @typedef {import('../dashboards/chart-data.js').SeriesAnswer} SeriesAnswer */
/** @typedef {{ index: number | undefined, left: number, at_s: number }} Cursor */

/** @type {Cursor} */
const nowhere = { index: undefined, left: -10, at_s: 0 }
/** What the legend and the axis need besides the plot, in px. */
const LEGEND_PX = 30
const LEAST_PX = 120

/** Lines, bars and points over time. @param {{ panel: import('../dashboards/field.js').Panel, answer: SeriesAnswer, board: import('../dashboards/chart-options.js').Board, height: number }} props */
export function SeriesChart({ panel, answer, board, height }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null))
  const chart = useRef(/** @type {uPlot | null} */ (null))
  const [cursor, setCursor] = useState(nowhere)
  const [own, setOwn] = useState(false)
  const [hidden, setHidden] = useState(() => /** @type {ReadonlySet<string>} */ (new Set()))
  const dark = useDark()
  const drawn = useMemo(() => drawnOf(panel, answer, hidden), [panel, answer, hidden])
  const plot = Math.max(LEAST_PX, height - LEGEND_PX)

  useEffect(() => {
    const node = place.current
    if (!node) return undefined
    const { range, happenings } = board
    const moved = (/** @type {uPlot} */ u) => {
      const { idx, left = -10 } = u.cursor
      setCursor(
        left < 0 || idx === null || idx === undefined
          ? nowhere
          : { index: idx, left: left + u.bbox.left / devicePixelRatio, at_s: u.posToVal(left, 'x') },
      )
    }
    const asked = {
      panel,
      drawn,
      interval_s: answer.interval_s,
      height: plot,
      board: { ...board, range, happenings },
      cursor: moved,
    }
    const made = new uPlot(chartOptions(node, asked), columnsOf(answer.times, drawn), node)
    chart.current = made
    const watcher = new ResizeObserver(() => {
      if (node.clientWidth !== made.width)
        made.setSize({ width: Math.max(160, node.clientWidth), height: plot })
    })
    watcher.observe(node)
    return () => {
      watcher.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [dark, drawn, board.range, board.happenings, plot])

  /** The crosshair by keys: a step left or right, to either end, away. @param {KeyboardEvent} event */
  function onKeyDown(event) {
    const u = chart.current
    const last = answer.times.length - 1
    if (!u || last < 0) return
    const at = cursor.index ?? (event.key === 'ArrowRight' ? -1 : last + 1)
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key]
    if (to === undefined && event.key !== 'Escape') return
    event.preventDefault()
    setOwn(to !== undefined)
    const second = to === undefined ? undefined : answer.times[Math.min(last, Math.max(0, to))]
    const left = second === undefined ? -10 : u.valToPos(second, 'x')
    u.setCursor({ left, top: left < 0 ? -10 : 20 }, true)
  }

  return html`<div class="series">
    <div
      class="plot"
      ref=${place}
      role="img"
      tabindex="0"
      aria-label=${`${panel.title}: ${spoken(answer)}. Arrow keys move over it; the button Table shows its figures.`}
      onKeyDown=${onKeyDown}
      onPointerEnter=${() => setOwn(true)}
      onPointerLeave=${() => setOwn(false)}
      onBlur=${() => setOwn(false)}
    ></div>
    ${
      cursor.index !== undefined &&
      (own || board.tooltip === 2) &&
      html`<${ChartTooltip}
        cursor=${cursor}
        times=${answer.times}
        drawn=${drawn}
        board=${board}
        interval_s=${answer.interval_s}
      />`
    }
    <${ChartLegend}
      drawn=${drawn}
      left_out=${answer.left_out}
      index=${cursor.index}
      query=${board.query}
      toggle=${(/** @type {string} */ name) =>
        setHidden((before) => {
          const after = new Set(before)
          return after.delete(name) ? after : after.add(name)
        })}
    />
  </div>`
}

/** @param {SeriesAnswer} answer */
function spoken({ series, times }) {
  const names = series.slice(0, 8).map(({ name }) => name)
  const more = series.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}, at ${times.length} times`
}

import uPlot from 'uplot'
import { timeLabels } from '../axis.js'
import { resolve } from '../colours.js'
import { inUnit, placesOf } from '../units.js'
import { barPath, happeningMarks, thresholdMarks } from './chart-marks.js'
import { fieldOf } from './field.js'

/** @typedef {import('./chart-data.js').Drawn} Drawn */
/**
 * What all panels of an open dashboard share. `tooltip` is Grafana's
 * graphTooltip: 0 each chart its own, 1 one crosshair over all, 2 the figures as
 * well. `zoom` sets the range of the whole board.
 *
 * @typedef {{
 *   uid: string, tooltip: number, turn: number, stopped: boolean, timeout_s: number,
 *   range: { from: number, to: number }, query: import('../questions.js').PanelQuery,
 *   happenings: readonly import('../../dashboards/ask-annotations.ts').Happening[],
 *   zoom: (fromMs: number, toMs: number) => void,
 * }} Board
 */

// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum exists in uPlot's types only, not at run time
const onTheRight = /** @type {uPlot.Axis.Side} */ (1)
/** Fewer pixels between press and release are a click, no range. */
const LEAST_DRAG_PX = 8

/**
 * How uPlot draws a panel. `cursor` hears where the crosshair is, of this chart
 * or of one that stands beside it.
 *
 * @param {HTMLElement} node
 * @param {{ panel: import('./field.js').Panel, drawn: readonly Drawn[], interval_s: number, height: number, board: Board, cursor: (u: uPlot) => void }} chart
 * @returns {uPlot.Options}
 */
export function chartOptions(node, { panel, drawn, interval_s, height, board, cursor }) {
  const { range, happenings } = board
  const defaults = fieldOf(panel, { name: '' })
  const right = drawn.filter((each) => each.right)
  return {
    width: Math.max(160, node.clientWidth),
    height,
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG_PX },
      points: { show: drawn.every(({ stack }) => stack === undefined) },
      ...(board.tooltip > 0 && {
        sync: { key: board.uid, filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
      }),
    },
    scales: {
      x: { time: true, range: () => [range.from / 1000, range.to / 1000] },
      y: scaleOf(drawn.filter((each) => !each.right)),
      ...(right.length > 0 && { right: scaleOf(right) }),
    },
    axes: [
      { ...axisStyle(node), values: timeLabels, space: 64 },
      valueAxis(
        node,
        'y',
        drawn.filter((each) => !each.right),
      ),
      ...(right.length > 0
        ? [{ ...valueAxis(node, 'right', right), side: onTheRight, grid: { show: false } }]
        : []),
    ],
    series: [{}, ...drawn.map((each) => seriesOf(node, each, { interval_s, gaps: panel.metrics }))],
    hooks: {
      drawClear: [thresholdMarks(node, defaults)],
      draw: [happeningMarks(node, happenings)],
      setCursor: [cursor],
      setSelect: [(u) => zoomTo(u, board)],
    },
  }
}

/** @param {uPlot} u @param {Board} board */
function zoomTo(u, { zoom }) {
  const { left, width } = u.select
  if (width < LEAST_DRAG_PX) return
  const at = (/** @type {number} */ px) => Math.round(u.posToVal(px, 'x') * 1000)
  const [from, to] = [at(left), at(left + width)]
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  if (to > from) zoom(from, to)
}

/** Steps of an axis that counts: whole numbers only. */
const COUNTS = Array.from({ length: 13 }, (_, e) => [1, 2, 5].map((n) => n * 10 ** e)).flat()
/** Steps that people can read as durations, in seconds; shorter ones are as on any axis. */
const SECONDS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800, 604_800,
]
/** @type {Readonly<Record<string, number>>} */
const A_SECOND_IN = { s: 1, ms: 1000, µs: 1_000_000 }

/** Where the ticks of an axis may stand, if its unit has readable places of its own. @param {string | undefined} unit @returns {{ incrs?: number[] }} */
function stepsOf(unit) {
  const second = A_SECOND_IN[unit ?? '']
  if (second !== undefined) {
    const parts = Array.from({ length: 7 }, (_, e) => [1, 2, 5].map((n) => n * 10 ** (e - 7))).flat()
    return { incrs: [...parts, ...SECONDS].map((step) => step * second) }
  }
  if (unit === 'bytes' || unit === 'decbytes') return { incrs: Array.from({ length: 50 }, (_, e) => 2 ** e) }
  return {}
}

/** @param {HTMLElement} node */
function axisStyle(node) {
  return {
    stroke: resolve(node, 'var(--muted)'),
    font: `12px ${getComputedStyle(node).fontFamily}`,
    grid: { stroke: resolve(node, 'var(--line)'), width: 1 },
    ticks: { stroke: resolve(node, 'var(--line)'), width: 1, size: 5 },
  }
}

/** @param {readonly Drawn[]} drawn @returns {uPlot.Scale} */
function scaleOf(drawn) {
  const { min, max, custom } = drawn[0]?.field ?? { min: undefined, max: undefined, custom: {} }
  const { axisSoftMin, axisSoftMax } = custom
  return {
    range: (_u, low, high) => {
      const least = Math.min(0, low ?? 0, Number(axisSoftMin ?? 0))
      const most = Math.max(high ?? 0, Number(axisSoftMax ?? 0))
      return [min ?? least, max ?? (most > 0 ? most * 1.08 : 1)]
    },
  }
}

/** @param {HTMLElement} node @param {string} scale @param {readonly Drawn[]} drawn @returns {uPlot.Axis} */
function valueAxis(node, scale, drawn) {
  const style = axisStyle(node)
  const { unit, decimals, custom } = drawn[0]?.field ?? { unit: undefined, decimals: undefined, custom: {} }
  const label = custom['axisLabel']
  const counts =
    (!unit || unit === 'short' || unit === 'none') &&
    drawn.every(({ values }) => values.every((value) => Number.isInteger(value ?? 0)))
  return {
    ...style,
    scale,
    ...(counts ? { incrs: COUNTS } : stepsOf(unit)),
    ...(typeof label === 'string' && label !== '' && { label, labelFont: style.font, labelSize: 18 }),
    // As wide as its longest label, in a font of some seven pixels a character.
    size: (_u, labels) => Math.max(34, ...(labels ?? []).map((text) => text.length * 7 + 14)),
    values: (_u, splits, _axis, _space, step) => {
      const told = unit === undefined ? decimals : undefined
      const places = told ?? placesOf(unit === 'percentunit' ? step * 100 : step)
      return splits.map((value) => inUnit(value, unit, places || undefined))
    },
  }
}

/** @param {HTMLElement} node @param {Drawn} drawn @param {{ interval_s: number, gaps: boolean }} how @returns {uPlot.Series} */
function seriesOf(node, { name, colour, draw, right, hidden, field }, { interval_s, gaps }) {
  const { fillOpacity, lineWidth, pointSize, lineInterpolation, spanNulls, showPoints } = field.custom
  const stroke = resolve(node, colour)
  const opacity = Number(fillOpacity ?? 0)
  const filled = opacity > 0 && {
    fill: resolve(node, `color-mix(in srgb, ${colour} ${opacity}%, transparent)`),
  }
  const common = { label: name, scale: right ? 'right' : 'y', show: !hidden }
  if (draw === 'bars')
    return { ...common, ...filled, width: 0, points: { show: false }, paths: barPath(interval_s) }
  const points = { size: Number(pointSize ?? 7), fill: stroke, stroke }
  if (draw === 'points')
    return { ...common, stroke, width: 0, paths: () => null, points: { ...points, show: true } }
  const stepped = uPlot.paths.stepped?.({ align: 1 })
  return {
    ...common,
    ...filled,
    stroke,
    width: Math.max(1, Number(lineWidth ?? 1)) * 1.3,
    spanGaps: spanNulls === true || !gaps,
    points: showPoints === 'always' ? { ...points, show: true } : { size: 5 },
    ...(lineInterpolation === 'stepAfter' && stepped && { paths: stepped }),
  }
}

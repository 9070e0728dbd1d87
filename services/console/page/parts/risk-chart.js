import { html } from 'htm/preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { timeLabels } from '../axis.js'
import { resolve } from '../colours.js'
import { useDark } from '../hooks.js'

/** @typedef {import('../../timeline.ts').Timeline} Timeline */

const HEIGHT = 260
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum exists in uPlot's types only, not at run time
const right = /** @type {uPlot.Axis.Side} */ (1)
const refused = ['deny', 'revoke', 'error_closed']

/** Risk score over time with findings and verdicts, above the decisions by outcome, on one axis. @param {{ timeline: Timeline }} props */
export function RiskChart({ timeline }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null))
  const chart = useRef(/** @type {uPlot | null} */ (null))
  const newest = useRef(timeline)
  newest.current = timeline
  const dark = useDark()

  useEffect(() => {
    const node = place.current
    if (!node) return undefined
    const made = new uPlot(options(node, newest), seriesOf(newest.current), node)
    chart.current = made
    const watcher = new ResizeObserver(() => made.setSize({ width: node.clientWidth, height: HEIGHT }))
    watcher.observe(node)
    return () => {
      watcher.disconnect()
      made.destroy()
    }
  }, [dark])
  useEffect(() => chart.current?.setData(seriesOf(timeline)), [timeline])

  return html`<div ref=${place} role="img" aria-label=${spoken(timeline)}></div>`
}

/**
 * Columns: time in seconds, refused + step up + permitted, refused + step up, refused (stacked), risk score.
 * A risk state holds until the next one, so the line is stepped and drawn on to the end.
 *
 * @param {Timeline} timeline
 * @returns {uPlot.AlignedData}
 */
function seriesOf(timeline) {
  const start = Date.parse(timeline.from) / 1000
  const end = Date.parse(timeline.to) / 1000
  /** @type {Map<number, { risk?: number, good?: number, warn?: number, bad?: number }>} */
  const at = new Map([
    [start, {}],
    [end, {}],
  ])
  const point = (/** @type {number} */ second) => {
    const known = at.get(second) ?? {}
    at.set(second, known)
    return known
  }
  let last
  for (const state of timeline.risk) {
    point(Math.max(start, Date.parse(state.at) / 1000)).risk = state.score
    last = state.score
  }
  if (last !== undefined) point(end).risk = last
  for (const bucket of timeline.decisions.buckets) {
    const sum = (/** @type {(outcome: string) => boolean} */ counts) =>
      Object.entries(bucket.outcomes).reduce(
        (total, [outcome, count]) => total + (counts(outcome) ? count : 0),
        0,
      )
    const known = point(Date.parse(bucket.at) / 1000 + timeline.decisions.bucket_ms / 2000)
    known.bad = sum((outcome) => refused.includes(outcome))
    known.warn = known.bad + sum((outcome) => outcome === 'step_up')
    known.good = known.warn + sum((outcome) => outcome === 'permit' || outcome === 'error_open')
  }
  const rows = [...at].sort((a, b) => a[0] - b[0])
  return [
    rows.map(([second]) => second),
    rows.map(([, row]) => row.good),
    rows.map(([, row]) => row.warn),
    rows.map(([, row]) => row.bad),
    rows.map(([, row]) => row.risk),
  ]
}

/** @param {HTMLElement} node @param {{ current: Timeline }} timeline @returns {uPlot.Options} */
function options(node, timeline) {
  const style = getComputedStyle(node)
  const colour = (/** @type {string} */ name) => resolve(node, `var(${name})`)
  const axis = {
    stroke: colour('--muted'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
  }
  const bars = (/** @type {string} */ label, /** @type {string} */ name) => ({
    label,
    scale: 'n',
    fill: resolve(node, `color-mix(in srgb, var(${name}) ${name === '--good' ? 45 : 75}%, var(--surface))`),
    width: 0,
    points: { show: false },
    paths: (/** @type {uPlot} */ u, /** @type {number} */ series) =>
      barPath(u, series, timeline.current.decisions.bucket_ms / 1000),
  })
  return {
    width: Math.max(280, node.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: {
        time: true,
        range: () => [Date.parse(timeline.current.from) / 1000, Date.parse(timeline.current.to) / 1000],
      },
      y: { range: [0, 100] },
      // Decisions take the lower third, so that the risk line stays readable.
      n: { range: (_u, _min, max) => [0, Math.max(3, max) * 3] },
    },
    axes: [
      { ...axis, values: timeLabels },
      {
        ...axis,
        scale: 'y',
        label: 'risk',
        labelFont: axis.font,
        labelSize: 18,
        size: 44,
        splits: () => [0, 20, 40, 60, 75, 100],
      },
      {
        ...axis,
        scale: 'n',
        side: right,
        size: 50,
        grid: { show: false },
        splits: (_u, _i, _min, max) => [0, Math.round(max / 3)],
      },
    ],
    series: [
      {},
      bars('permitted', '--good'),
      bars('step up', '--warn'),
      bars('refused', '--bad'),
      {
        label: 'risk',
        scale: 'y',
        stroke: colour('--accent'),
        width: 2,
        spanGaps: true,
        points: { show: false },
        ...(uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }),
      },
    ],
    hooks: { draw: [(u) => drawMarks(u, timeline.current, colour('--bad'), colour('--focus'))] },
  }
}

/** Stacked bars as wide as their bucket. @param {uPlot} u @param {number} series @param {number} width seconds */
function barPath(u, series, width) {
  const fill = new Path2D()
  const xs = u.data[0]
  const ys = u.data[series] ?? []
  const base = u.valToPos(0, 'n', true)
  const px = Math.max(2, u.valToPos((xs[0] ?? 0) + width, 'x', true) - u.valToPos(xs[0] ?? 0, 'x', true) - 1)
  for (let i = 0; i < xs.length; i += 1) {
    const value = ys[i]
    const x = xs[i]
    if (!value || x === undefined) continue
    const top = u.valToPos(value, 'n', true)
    fill.rect(u.valToPos(x, 'x', true) - px / 2, top, px, base - top)
  }
  return { fill }
}

/** Findings are diamonds, verdicts circles, both on the risk line's plot. @param {uPlot} u @param {Timeline} timeline @param {string} findingColour @param {string} verdictColour */
function drawMarks(u, timeline, findingColour, verdictColour) {
  const { ctx } = u
  const size = 5 * devicePixelRatio
  ctx.save()
  for (const finding of timeline.findings) {
    const x = u.valToPos(Date.parse(finding.observed_at) / 1000, 'x', true)
    const y = u.valToPos(92, 'y', true)
    ctx.fillStyle = findingColour
    ctx.beginPath()
    ctx.moveTo(x, y - size)
    ctx.lineTo(x + size, y)
    ctx.lineTo(x, y + size)
    ctx.lineTo(x - size, y)
    ctx.fill()
  }
  for (const verdict of timeline.verdicts) {
    ctx.fillStyle = verdictColour
    ctx.beginPath()
    ctx.arc(
      u.valToPos(Date.parse(verdict.decided_at) / 1000, 'x', true),
      u.valToPos(80, 'y', true),
      size,
      0,
      7,
    )
    ctx.fill()
  }
  ctx.restore()
}

/** @param {Timeline} timeline */
function spoken({ risk, findings, verdicts }) {
  const highest = Math.round(Math.max(0, ...risk.map(({ score }) => score)))
  return `Risk score over time, at most ${highest} of 100, with ${findings.length} findings and ${verdicts.length} verdicts; the list below says the same.`
}

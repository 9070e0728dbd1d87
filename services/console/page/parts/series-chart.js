import { html } from 'htm/preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { timeLabels } from '../axis.js'
import { lineColour, resolve } from '../colours.js'
import { useDark } from '../hooks.js'
import { inUnit } from '../units.js'

/** @typedef {import('../questions.js').Dashboard['panels'][number]} Panel */
/** @typedef {Extract<import('../questions.js').PanelAnswer, { kind: 'series' }>} SeriesAnswer */

const HEIGHT = 210

/** Lines, or stacked bars, over time. @param {{ panel: Panel, answer: SeriesAnswer, from: number, to: number }} props */
export function SeriesChart({ panel, answer, from, to }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null))
  const dark = useDark()
  const stacked = panel.fieldConfig.defaults.custom?.['drawStyle'] === 'bars'
  useEffect(() => {
    const node = place.current
    if (!node) return undefined
    const made = new uPlot(options(node, panel, answer, { from, to }), columnsOf(answer, stacked), node)
    const watcher = new ResizeObserver(() => made.setSize({ width: node.clientWidth, height: HEIGHT }))
    watcher.observe(node)
    return () => {
      watcher.disconnect()
      made.destroy()
    }
  }, [dark, answer, from, to])

  return html`<div>
    <div
      ref=${place}
      role="img"
      aria-label=${`${panel.title}: ${answer.series.map(({ name }) => name).join(', ')}`}
    ></div>
    <p class="legend">
      ${answer.series
        .slice(0, 12)
        .map(
          ({ name }, i) =>
            html`<span key=${name}
              ><${Swatch} colour=${lineColour(i, fixedColour(panel, name))} />${name}</span
            >`,
        )}
      ${
        (answer.series.length > 12 || answer.left_out > 0) &&
        html`<span class="muted">and ${answer.series.length + answer.left_out - 12} more</span>`
      }
    </p>
  </div>`
}

/** Its colour is set by script: the page's policy forbids style attributes. @param {{ colour: string }} props */
function Swatch({ colour }) {
  const node = useRef(/** @type {HTMLElement | null} */ (null))
  useEffect(() => node.current?.style.setProperty('background', colour), [colour])
  return html`<i ref=${node}></i>`
}

/** Times, then a column a line; stacked ones stand on those after them, so that the first is drawn behind. @param {SeriesAnswer} answer @param {boolean} stacked @returns {uPlot.AlignedData} */
function columnsOf({ times, series }, stacked) {
  const values = series.map((one) => [...one.values])
  if (stacked) {
    for (let i = values.length - 2; i >= 0; i -= 1) {
      const above = values[i]
      const below = values[i + 1]
      if (above && below) values[i] = above.map((value, at) => (value ?? 0) + (below[at] ?? 0))
    }
  }
  return [[...times], ...values]
}

/** @param {HTMLElement} node @param {Panel} panel @param {SeriesAnswer} answer @param {{ from: number, to: number }} range @returns {uPlot.Options} */
function options(node, panel, answer, range) {
  const style = getComputedStyle(node)
  const { unit, min, max, custom } = panel.fieldConfig.defaults
  const stacked = custom?.['drawStyle'] === 'bars'
  const axis = {
    stroke: resolve(node, 'var(--muted)'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: resolve(node, 'var(--line)'), width: 1 },
    ticks: { stroke: resolve(node, 'var(--line)'), width: 1 },
  }
  const bars = uPlot.paths.bars?.({ size: [0.9, 40], align: 1 })
  return {
    width: Math.max(200, node.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: () => [range.from / 1000, range.to / 1000] },
      y: { range: (_u, low, high) => [min ?? Math.min(0, low), max ?? (high > 0 ? high * 1.08 : 1)] },
    },
    axes: [
      { ...axis, values: timeLabels },
      { ...axis, size: 62, values: (_u, splits) => splits.map((value) => inUnit(value, unit)) },
    ],
    series: [
      {},
      ...answer.series.map(({ name }, i) => {
        const colour = resolve(node, lineColour(i, fixedColour(panel, name)))
        return stacked
          ? { label: name, fill: colour, width: 0, points: { show: false }, ...(bars && { paths: bars }) }
          : { label: name, stroke: colour, width: 1.5, spanGaps: true }
      }),
    ],
  }
}

/** The colour that the definition gives to a line of this name. @param {Panel} panel @param {string} name @returns {string | undefined} */
function fixedColour(panel, name) {
  for (const { matcher, properties } of panel.fieldConfig.overrides) {
    if (matcher.id !== 'byRegexp' || !new RegExp(String(matcher.options)).test(name)) continue
    const value = properties.find(({ id }) => id === 'color')?.value
    if (typeof value === 'object' && value !== null && 'fixedColor' in value) return String(value.fixedColor)
  }
  return undefined
}

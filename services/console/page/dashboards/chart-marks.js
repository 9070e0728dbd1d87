/** What is drawn on a chart beside its lines: bars by interval, thresholds, and what happened. */
import { namedColour, resolve } from '../colours.js'
import { record, textOr } from './field.js'

/** @typedef {import('../../dashboards/ask-annotations.ts').Happening} Happening */
/** @typedef {import('./field.js').Field} Field */

/** Bars as wide as the interval that they count. @param {number} interval_s @returns {import('uplot').Series.PathBuilder} */
export function barPath(interval_s) {
  return (u, index) => {
    const fill = new Path2D()
    const scale = u.series[index]?.scale ?? 'y'
    const [xs, ...columns] = u.data
    const ys = columns[index - 1] ?? []
    const base = u.valToPos(Math.max(0, u.scales[scale]?.min ?? 0), scale, true)
    for (const [i, x] of xs.entries()) {
      const value = ys[i]
      if (value === null || value === undefined || value === 0) continue
      const left = u.valToPos(x, 'x', true)
      const right = u.valToPos(x + interval_s, 'x', true)
      const top = u.valToPos(value, scale, true)
      const width = Math.max(2, (right - left) * 0.9)
      fill.rect(left, Math.min(top, base), width, Math.abs(base - top))
    }
    return { fill }
  }
}

/** Dashed lines at instants, a shade over spans; the tooltip tells what they are. @param {HTMLElement} node @param {readonly Happening[]} happenings @returns {(u: import('uplot')) => void} */
export function happeningMarks(node, happenings) {
  const colours = new Map(
    happenings.map(({ colour }) => [colour, resolve(node, namedColour(colour) ?? 'var(--muted)')]),
  )
  return (u) => {
    const { ctx, bbox } = u
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    for (const { at_s, to_s, colour } of happenings) {
      const x = Math.round(u.valToPos(at_s, 'x', true))
      ctx.strokeStyle = colours.get(colour) ?? ''
      ctx.fillStyle = ctx.strokeStyle
      if (to_s !== undefined && to_s > at_s) {
        ctx.globalAlpha = 0.12
        ctx.fillRect(x, bbox.top, u.valToPos(to_s, 'x', true) - x, bbox.height)
        ctx.globalAlpha = 1
      }
      ctx.lineWidth = devicePixelRatio
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
      ctx.beginPath()
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
      ctx.stroke()
      const size = 4 * devicePixelRatio
      ctx.beginPath()
      ctx.moveTo(x - size, bbox.top + bbox.height)
      ctx.lineTo(x + size, bbox.top + bbox.height)
      ctx.lineTo(x, bbox.top + bbox.height - size * 1.6)
      ctx.fill()
    }
    ctx.restore()
  }
}

/** Lines or shades where a threshold lies, where the definition asks for them. @param {HTMLElement} node @param {Field} field @returns {(u: import('uplot')) => void} */
export function thresholdMarks(node, { thresholds, custom, min = 0, max = 100 }) {
  const mode = textOr(record(custom?.['thresholdsStyle'])['mode'], 'off')
  const steps = mode === 'off' ? [] : (thresholds?.steps ?? [])
  const drawn = steps.map(({ value, color }) => ({
    value: value !== null && thresholds?.mode === 'percentage' ? min + ((max - min) * value) / 100 : value,
    colour: resolve(node, namedColour(color) ?? 'var(--muted)'),
  }))
  return (u) => {
    const { ctx, bbox } = u
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    for (const [i, { value, colour }] of drawn.entries()) {
      const y = value === null ? bbox.top + bbox.height : u.valToPos(value, 'y', true)
      const above = drawn[i + 1]?.value ?? null
      ctx.fillStyle = colour
      ctx.strokeStyle = colour
      if (mode.includes('area')) {
        const top = above === null ? bbox.top : u.valToPos(above, 'y', true)
        ctx.globalAlpha = 0.08
        ctx.fillRect(bbox.left, top, bbox.width, y - top)
        ctx.globalAlpha = 1
      }
      if (value === null || mode === 'area') continue
      ctx.lineWidth = devicePixelRatio
      ctx.setLineDash(mode.includes('dashed') ? [6 * devicePixelRatio, 4 * devicePixelRatio] : [])
      ctx.beginPath()
      ctx.moveTo(bbox.left, y)
      ctx.lineTo(bbox.left + bbox.width, y)
      ctx.stroke()
    }
    ctx.restore()
  }
}

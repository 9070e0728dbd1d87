/** Colours of a canvas, worked out by the browser: a canvas knows no variables. */

/** @param {HTMLElement} node @param {string} value */
export function resolve(node, value) {
  const probe = document.createElement('span')
  probe.style.color = value
  node.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** Colours as Grafana names them, in ours. @type {Readonly<Record<string, string>>} */
const named = {
  green: 'var(--good)',
  orange: 'var(--warn)',
  yellow: 'var(--warn)',
  red: 'var(--bad)',
  purple: 'var(--grave)',
  text: 'var(--quiet)',
}

/** Lines that no definition gives a colour: hues far apart, read on light and dark ground. */
const HUES = [205, 28, 150, 330, 55, 265, 180, 0, 95, 230]

/** @param {number} index @param {string | undefined} name of a fixed colour */
export function lineColour(index, name) {
  const fixed = name === undefined ? undefined : named[name]
  const hue = HUES[index % HUES.length] ?? 0
  return fixed ?? `light-dark(hsl(${hue} 65% 38%), hsl(${hue} 60% 68%))`
}

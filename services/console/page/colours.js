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
  yellow: 'light-dark(#a68500, #e8d25c)',
  red: 'var(--bad)',
  purple: 'var(--grave)',
  blue: 'var(--focus)',
  text: 'var(--quiet)',
  transparent: 'transparent',
}

/** Lines that no definition gives a colour: hues far apart, read on light and dark ground. */
const HUES = [205, 28, 150, 330, 55, 265, 180, 0, 95, 230]

/** A colour of ours for one that Grafana names, with its shades; what is no colour of Grafana's is none. @param {string | undefined} name */
export function namedColour(name) {
  if (name === undefined) return undefined
  const plain = name.replace(/^(?:super-light|light|semi-dark|dark)-/, '')
  return named[plain] ?? (/^#[0-9a-f]{3,8}$/i.test(name) ? name : undefined)
}

/** @param {number} index @param {string | undefined} name of a fixed colour */
export function lineColour(index, name) {
  const hue = HUES[index % HUES.length] ?? 0
  return namedColour(name) ?? `light-dark(hsl(${hue} 65% 38%), hsl(${hue} 60% 68%))`
}

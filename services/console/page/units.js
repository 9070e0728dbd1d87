import { number } from './format.js'

const bytes = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** A value with the unit that the definition names, as Grafana's units do. @param {import('../dashboards/series.ts').Cell | undefined} value @param {string | undefined} unit @param {number} [decimals] */
export function inUnit(value, unit, decimals) {
  if (value === null || value === undefined) return ''
  const figure = Number(value)
  if (Number.isNaN(figure)) return String(value)
  const rounded = (/** @type {number} */ n) => (decimals === undefined ? number(n) : n.toFixed(decimals))
  if (unit === 'percentunit') return `${rounded(figure * 100)} %`
  if (unit === 's') return seconds(figure)
  if (unit === 'ms') return seconds(figure / 1000)
  if (unit === 'µs') return seconds(figure / 1_000_000)
  if (unit === 'reqps') return `${rounded(figure)}/s`
  if (unit === 'bytes') {
    const step = Math.min(bytes.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, figure)) / 10)))
    return `${number(figure / 1024 ** step)} ${bytes[step]}`
  }
  return rounded(figure)
}

/** @param {number} value */
function seconds(value) {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size < 0.001) return `${number(value * 1_000_000)} µs`
  if (size < 1) return `${number(value * 1000)} ms`
  if (size < 120) return `${number(value)} s`
  if (size < 7200) return `${number(value / 60)} min`
  if (size < 172_800) return `${number(value / 3600)} h`
  return `${number(value / 86_400)} d`
}

import { longDuration, number } from './format.js'

const bytes = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** A value with the unit that the definition names, as Grafana's units do. @param {import('../dashboards/series.ts').Cell | undefined} value @param {string | undefined} unit @param {number} [decimals] */
export function inUnit(value, unit, decimals) {
  if (value === null || value === undefined) return ''
  const figure = Number(value)
  if (Number.isNaN(figure)) return String(value)
  const rounded = (/** @type {number} */ n) => (decimals === undefined ? number(n) : n.toFixed(decimals))
  switch (unit) {
    case 'percentunit':
      return `${rounded(figure * 100)} %`
    case 'percent':
      return `${rounded(figure)} %`
    case 's':
      return longDuration(figure * 1000)
    case 'ms':
      return longDuration(figure)
    case 'µs':
      return longDuration(figure / 1000)
    case 'reqps':
    case 'cps':
    case 'ops':
      return `${rounded(figure)}/s`
    case 'Bps':
    case 'binBps':
      return `${inBytes(figure)}/s`
    case 'bytes':
    case 'decbytes':
      return inBytes(figure)
    case 'lengthkm':
      return `${rounded(figure)} km`
    case 'dateTimeAsIso':
    case 'dateTimeFromNow':
      return new Date(figure).toLocaleString()
    default:
      return rounded(figure)
  }
}

/** @param {number} figure */
function inBytes(figure) {
  const step = Math.min(
    bytes.length - 1,
    Math.max(0, Math.floor(Math.log2(Math.max(1, Math.abs(figure))) / 10)),
  )
  return `${number(figure / 1024 ** step)} ${bytes[step]}`
}

/** Decimal places that tell the multiples of a step apart, six at most: 3 for 0.005, none for 20. @param {number} step */
export function placesOf(step) {
  for (let places = 0; places < 6; places += 1) {
    const scaled = step * 10 ** places
    if (scaled > 0.5 && Math.abs(scaled - Math.round(scaled)) < 1e-6) return places
  }
  return 6
}

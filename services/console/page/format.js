/** Numbers, times and names as people read them. Pure: the present is an argument. */

const dayAndTime = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const dayAndMinute = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
const timeOnly = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const withYear = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
const decimals = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 })
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })

const DAY_MS = 86_400_000

/** Local time, as short as it may be without being mistaken. @param {number} ms @param {number} nowMs */
export function localTime(ms, nowMs) {
  const age = Math.abs(nowMs - ms)
  if (age < DAY_MS && new Date(ms).getDate() === new Date(nowMs).getDate()) return timeOnly.format(ms)
  return age < 200 * DAY_MS ? dayAndTime.format(ms) : withYear.format(ms)
}

/** An instant with its date, to the second where what it stands for is that short. @param {number} ms @param {number} interval_s */
export function momentText(ms, interval_s) {
  return interval_s < 60 ? dayAndTime.format(ms) : dayAndMinute.format(ms)
}

/** `3 s ago`, `in 4 min`. @param {number} ms @param {number} nowMs */
export function relativeTime(ms, nowMs) {
  const elapsed = nowMs - ms
  const text = duration(Math.abs(elapsed))
  if (Math.abs(elapsed) < 1000) return 'just now'
  return elapsed > 0 ? `${text} ago` : `in ${text}`
}

/** The largest unit that fits, rounded down. @param {number} ms */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  if (ms < 48 * 3_600_000) return `${Math.floor(ms / 3_600_000)} h`
  return `${Math.floor(ms / DAY_MS)} d`
}

/** @param {number} value */
export function number(value) {
  if (Number.isInteger(value)) return whole.format(value)
  if (value !== 0 && Math.abs(value) < 0.01) return value.toExponential(1)
  return Math.abs(value) >= 1000 ? whole.format(value) : decimals.format(value)
}

/** `source.as_org` and `mean_gap_ms` as words: the unit goes to the value. @param {string} name */
export function words(name) {
  const [bare, unit] = split(name)
  const text =
    `${bare}${unit === 'nats' && !bare.endsWith('evidence') ? ' evidence' : unit === 'share' ? ' share' : ''}`
      .replaceAll(/[_.]+/g, ' ')
      .trim()
      .replaceAll(/\b(ip|asn|os|id|tls)\b/g, (word) => word.toUpperCase())
  return text === 'at' ? 'Time' : capital(text)
}

/** A value of evidence with its unit, which its name carries. @param {string} name @param {unknown} value */
export function valueOf(name, value) {
  if (value === null || value === undefined || value === '') return 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string' && !/^-?\d+(\.\d+)?$/.test(value)) return value
  const figure = Number(value)
  if (/(^|_)asn$/.test(name)) return figure === 0 ? 'none' : `AS${figure}`
  const unit = split(name)[1]
  if (unit === 'ms') return longDuration(figure)
  if (unit === 's') return longDuration(figure * 1000)
  if (unit === 'share' || unit === 'percent') return `${number(unit === 'share' ? figure * 100 : figure)} %`
  return unit ? `${number(figure)} ${unit}` : number(figure)
}

/** In the unit that fits, with decimals. @param {number} ms */
export function longDuration(ms) {
  const size = Math.abs(ms)
  if (size === 0) return '0 s'
  if (size < 1) return `${number(ms * 1000)} µs`
  if (size < 1000) return `${number(ms)} ms`
  if (size < 120_000) return `${decimals.format(ms / 1000)} s`
  if (size < 2 * 3_600_000) return `${decimals.format(ms / 60_000)} min`
  if (size < 2 * DAY_MS) return `${decimals.format(ms / 3_600_000)} h`
  return `${decimals.format(ms / DAY_MS)} d`
}

/** @type {ReadonlyArray<[suffix: string, unit: string]>} */
const units = [
  ['_km_h', 'km/h'],
  ['_kmh', 'km/h'],
  ['_km', 'km'],
  ['_ms', 'ms'],
  ['_us', 'µs'],
  ['_s', 's'],
  ['_bytes', 'B'],
  ['_share', 'share'],
  ['_percent', 'percent'],
  ['_nats', 'nats'],
  ['_bits', 'bits'],
  ['_minutes', 'min'],
  ['_h', 'h'],
]

/** @param {string} name @returns {[name: string, unit: string]} */
function split(name) {
  for (const [suffix, unit] of units) if (name.endsWith(suffix)) return [name.slice(0, -suffix.length), unit]
  return [name, '']
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/**
 * A name as it is: control characters and those that turn the direction of text
 * are shown by their numbers, as they could make it read as somebody else's.
 * What joins letters and emoji stays.
 *
 * @param {string} text
 * @see https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 */
export function plain(text) {
  return text.replaceAll(
    /[\p{Cc}\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu,
    (mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

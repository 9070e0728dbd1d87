/** `2026-01-05T08:00:00.000Z`, as `toISOString` writes it. */
const LENGTH = 24

/**
 * Milliseconds since the epoch, as `Date.parse` gives them, NaN where it does.
 * The form that our own gateway writes is read digit by digit, in less than half
 * the time; every other form, and every day after the 28th, is left to
 * `Date.parse`.
 *
 * @example instantMs('1970-01-01T00:00:01.000Z') // 1000
 */
export function instantMs(text: string): number {
  if (
    text.length !== LENGTH ||
    text.charCodeAt(4) !== DASH ||
    text.charCodeAt(7) !== DASH ||
    text.charCodeAt(10) !== T ||
    text.charCodeAt(13) !== COLON ||
    text.charCodeAt(16) !== COLON ||
    text.charCodeAt(19) !== DOT ||
    text.charCodeAt(23) !== Z
  )
    return Date.parse(text)
  const year = pair(text, 0) * 100 + pair(text, 2)
  const month = pair(text, 5)
  const day = pair(text, 8)
  const hour = pair(text, 11)
  const minute = pair(text, 14)
  const second = pair(text, 17)
  const ms = pair(text, 20) * 10 + digit(text, 22)
  const within =
    year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour <= 23 && minute <= 59
  // NaN is within nothing.
  if (!within || !(second <= 59) || !(ms <= 999)) return Date.parse(text)
  return ((daysBefore(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + ms
}

/**
 * Days from the epoch to a day of the Gregorian calendar.
 *
 * @see https://howardhinnant.github.io/date_algorithms.html#days_from_civil
 */
function daysBefore(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468
}

const DASH = 45
const DOT = 46
const COLON = 58
const T = 84
const Z = 90

function pair(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1)
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48
  return value >= 0 && value <= 9 ? value : Number.NaN
}

const ZERO = 48

/** DateTime64 and the functions on it hold for sure what 32 bits of seconds do. */
const LAST_MS = Date.UTC(2105, 11, 31)

/**
 * Milliseconds since 1970 of an instant as `Date.toISOString` writes it,
 * `2026-01-31T09:30:00.000Z`, which stands in `bytes` at `at`; -1 when it is none
 * or the store can't hold it: a day that no calendar has, a time before 1970 or
 * after 2105.
 */
export function instantAt(bytes: Uint8Array, at: number, length: number): number {
  if (length !== 24) return -1
  for (const [place, mark] of MARKS) if (bytes[at + place] !== mark) return -1
  const year = digits(bytes, at, 4)
  const month = digits(bytes, at + 5, 2)
  const day = digits(bytes, at + 8, 2)
  const hour = digits(bytes, at + 11, 2)
  const minute = digits(bytes, at + 14, 2)
  const second = digits(bytes, at + 17, 2)
  const ms = digits(bytes, at + 20, 3)
  if (hour > 23 || minute > 59 || second > 59 || !(ms >= 0)) return -1
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms))
  // Date.UTC takes 30 February for 2 March.
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month - 1) return -1
  const time = date.getTime()
  return time >= 0 && time <= LAST_MS ? time : -1
}

const MARKS = [
  [4, 45],
  [7, 45],
  [10, 84],
  [13, 58],
  [16, 58],
  [19, 46],
  [23, 90],
] as const

function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const digit = (bytes[i] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
  }
  return value
}

/** What DateTime64 and the functions on it hold for sure: some of them count 32 bits of seconds. */
const FIRST_MS = 0
const LAST_MS = Date.UTC(2105, 11, 31)

/**
 * An instant in the form that ClickHouse reads fastest (`2026-01-31 09:30:00.000`),
 * or null when the store can't hold it: a day that no calendar has, a time
 * before 1970 or after 2105.
 */
export function toStoreInstant(instant: string): string | null {
  const ms = Date.parse(instant)
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) return null
  // Date.parse takes 30 February for 2 March.
  if (new Date(ms).toISOString() !== instant) return null
  return `${instant.slice(0, 10)} ${instant.slice(11, 23)}`
}

/** The other way. */
export function fromStoreInstant(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11, 23)}Z`
}

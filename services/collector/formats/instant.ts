import { zoneReader } from './timezone.ts'

const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?\s*(Z|[+-]\d{2}:?\d{2})?$/i

/**
 * An ISO 8601 instant in the one form that decisions use, or null. Without a
 * zone it is UTC. Digits beyond milliseconds are cut off, not rounded: rounding
 * could move an event into the next day.
 */
export function instantOf(text: string): string | null {
  const match = ISO.exec(text.trim())
  if (match === null) return null
  const [, date = '', time, fraction = '', zone = 'Z'] = match
  // 30 February parses as 2 March in some engines.
  const midnight = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return null
  const ms = Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}${normalZone(zone)}`)
  if (Number.isNaN(ms)) return null
  const instant = new Date(ms).toISOString()
  // Years beyond 9999 are written with a sign.
  return instant.length === 24 ? instant : null
}

function normalZone(zone: string): string {
  if (zone.toUpperCase() === 'Z') return 'Z'
  return zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`
}

export interface InstantReader {
  /** The instant in the form that decisions use; null for what is none. */
  read(value: unknown): string | null
  /** Whether one had no zone, so that `timezone` was taken for it. */
  assumedZone(): boolean
}

/**
 * Reads instants as products write them: ISO 8601 with a zone or without one
 * (then of `timezone`), and counts since 1970 in seconds, milliseconds,
 * microseconds or nanoseconds, told apart by their length; as numbers or as text.
 */
export function instantReader(timezone: string): InstantReader {
  const toInstant = zoneReader(timezone)
  let assumed = false
  return {
    assumedZone: () => assumed,
    read(value) {
      const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
      const count = COUNT.exec(text)
      if (count !== null) return epochInstant(count[1] ?? '', count[2] ?? '')
      const zoneless = ISO.exec(text)?.[4] === undefined
      const instant = instantOf(text)
      if (instant === null || !zoneless) return instant
      assumed = true
      return isoOf(toInstant(Date.parse(instant)))
    },
  }
}

const COUNT = /^(\d{9,19})(?:\.(\d{1,9}))?$/

/** 9 to 11 digits are seconds (from 1973 to 5138), and each unit below has three more. */
function epochInstant(digits: string, fraction: string): string | null {
  const unit = digits.length <= 11 ? 0 : digits.length <= 14 ? 3 : digits.length <= 17 ? 6 : 9
  if (unit === 0) return isoOf(Number(digits + fraction.slice(0, 3).padEnd(3, '0')))
  return isoOf(Number(unit === 3 ? digits : digits.slice(0, 3 - unit)))
}

function isoOf(ms: number): string | null {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return null
  const instant = date.toISOString()
  return instant.length === 24 ? instant : null
}

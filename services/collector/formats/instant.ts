const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?\s*(Z|[+-]\d{2}:?\d{2})?$/i

/**
 * An ISO 8601 instant in the one form that decisions use, or null. Without a
 * zone it is UTC. Digits beyond milliseconds are cut off, not rounded: rounding
 * could move an event into the next day.
 */
export function instantOf(text: string): string | null {
  const match = ISO.exec(text.trim())
  if (match === null) return null
  const [, date, time, fraction = '', zone = 'Z'] = match
  const ms = Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}${normalZone(zone)}`)
  if (Number.isNaN(ms)) return null
  const instant = new Date(ms).toISOString()
  // Years beyond 9999 are written with a sign; 30 February parses as 2 March in some engines.
  return instant.length === 24 && (zone.toUpperCase() !== 'Z' || instant.startsWith(date ?? ''))
    ? instant
    : null
}

function normalZone(zone: string): string {
  if (zone.toUpperCase() === 'Z') return 'Z'
  return zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`
}

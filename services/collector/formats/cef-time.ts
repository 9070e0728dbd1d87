import type { ReadingOptions } from './format.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { syslogReader } from './syslog.ts'
import { fixedOffset } from './timezone.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** `MMM dd [yyyy] HH:mm:ss[.SSS] [zone]`. */
const CEF_DATE =
  /^([A-Z][a-z]{2}) {1,2}(\d{1,2})(?:,? (\d{4}))? (\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?: ([A-Za-z]{1,5}|(?:GMT|UTC)?[+-]\d{2}:?\d{2}))?$/

export interface CefInstants extends InstantReader {
  assumedYear(): number | null
}

/**
 * Reads instants as CEF writes them: milliseconds since 1970, ISO 8601, and
 * `MMM dd yyyy HH:mm:ss` with or without year, fraction and zone. Without a year
 * it is worked out as for syslog; without a zone, or with letters other than
 * UTC, GMT and Z (`EST` means five zones), it is the zone that was given.
 */
export function cefInstants(options: ReadingOptions): CefInstants {
  const instants = instantReader(options.timezone)
  const years = syslogReader(options)
  let assumed = false

  const yearless = (month: string, day: string, time: string, offset: string): string | null => {
    const line = years.read(`${month} ${day.padStart(2)} ${time} - -: `)
    if (typeof line === 'string') return null
    if (offset !== '')
      return nearest(line.at_ms, (year) => instants.read(`${dateOf(year, month, day)}T${time}${offset}`))
    assumed = true
    return new Date(line.at_ms).toISOString()
  }

  return {
    assumedZone: () => assumed || instants.assumedZone(),
    assumedYear: () => years.assumedYear(),
    read(value) {
      const text = typeof value === 'string' ? value.trim() : value
      const match = typeof text === 'string' ? CEF_DATE.exec(text) : null
      if (match === null) return instants.read(text)
      const [, month = '', day = '', year, time = '', zone = ''] = match
      if (!MONTHS.includes(month)) return null
      if (year === undefined) return yearless(month, day, time, offsetOf(zone))
      return instants.read(`${dateOf(Number(year), month, day)}T${time}${offsetOf(zone)}`)
    },
  }
}

function dateOf(year: number, month: string, day: string): string {
  return `${year}-${String(MONTHS.indexOf(month) + 1).padStart(2, '0')}-${day.padStart(2, '0')}`
}

/** Of the same day and hour in three years the one next to an instant that was worked out without the zone. */
function nearest(atMs: number, read: (year: number) => string | null): string | null {
  const year = new Date(atMs).getUTCFullYear()
  const found = [year - 1, year, year + 1].map(read).filter((each) => each !== null)
  const away = (each: string): number => Math.abs(Date.parse(each) - atMs)
  return found.toSorted((a, b) => away(a) - away(b))[0] ?? null
}

/** The zone as ISO 8601 writes it; '' for none and for letters that say too little. */
function offsetOf(zone: string): string {
  const offset = zone.replace(/^(?:GMT|UTC)(?=[+-])/, '')
  if (/^(?:UTC|GMT|Z)$/i.test(offset)) return 'Z'
  return offset !== '' && fixedOffset(offset) !== null ? offset : ''
}

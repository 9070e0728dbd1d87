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

  const yearless = (month: string, day: string, time: string): string | null => {
    const line = years.read(`${month} ${day.padStart(2)} ${time} - -: `)
    if (typeof line === 'string') return null
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
      if (year === undefined) return yearless(month, day, time)
      const number = MONTHS.indexOf(month) + 1
      const date = `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`
      return number === 0 ? null : instants.read(`${date}T${time}${offsetOf(zone)}`)
    },
  }
}

/** The zone as ISO 8601 writes it; '' for none and for letters that say too little. */
function offsetOf(zone: string): string {
  const offset = zone.replace(/^(?:GMT|UTC)(?=[+-])/, '')
  if (/^(?:UTC|GMT|Z)$/i.test(offset)) return 'Z'
  return offset !== '' && fixedOffset(offset) !== null ? offset : ''
}

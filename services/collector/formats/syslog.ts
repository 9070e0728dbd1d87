import type { ReadingOptions } from './format.ts'
import { fixedOffset, zoneReader } from './timezone.ts'

/** The head of a syslog line: when, on which host, which program said what. */
export interface SyslogLine {
  readonly at_ms: number
  readonly host: string
  readonly program: string
  /** Empty where the program gives none. */
  readonly pid: string
  readonly message: string
}

export interface SyslogReader {
  read(line: string): SyslogReading
  /** The year taken for the first line without one, when none was given. */
  assumedYear(): number | null
}

export type SyslogReading = SyslogLine | 'no_timestamp' | 'timestamp_invalid'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `<38>` of RFC 3164 and 5424, and the version that 5424 puts after it. */
const PRIORITY = /^<\d{1,3}>(?:1 )?/
/** RFC 3164: `Mar  7 13:06:56`. Some hosts add the year or fractions of a second. */
const BSD = /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))? /
/** RFC 3339 (rsyslog), journald's short-iso (`+0100`), and a space for the T. */
const ISO = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})? /
/** `host program[pid]: message`; busybox puts `auth.info` before the program. */
const REST = /^(\S+) (?:[a-z0-9]+\.[a-z]+ )?([^\s:[\]]+)(?:\[(\d+)\])?: ?(.*)$/s
/** RFC 5424 after its instant: `host program pid msgid structured-data message`. */
const REST_5424 = /^(\S+) (\S+) (\S+) \S+ (?:-|\[.*?\]) ?(.*)$/s

const DAY_MS = 86_400_000
const HALF_YEAR_MS = 182 * DAY_MS
const MONTH_MS = 31 * DAY_MS

/**
 * Reads the heads of syslog lines in the order of a file.
 *
 * BSD syslog (RFC 3164, section 4.1.2) has neither year nor zone. The first
 * line is of `year`, or of the latest year in which it is not after the file
 * was written. A line that seems to go back by more than half a year is
 * of the next one: December is over. After that, a line that would fit within a
 * month before the one above it is a late one of the old year. So a file may
 * hold many years, as long as it has no gap of half a year across a new year.
 * Nothing is moved into a year that would put it into the future.
 */
export function syslogReader(options: ReadingOptions): SyslogReader {
  const { year, timezone } = options
  const toInstant = zoneReader(timezone)
  let firstYear = year
  let currentYear = year ?? 0
  let lastMs = NaN

  const bsdInstant = (match: RegExpExecArray): number => {
    const month = MONTHS.indexOf(match[1] ?? '')
    if (month < 0) return NaN
    const wallOf = (inYear: number) => wall(inYear, month, match[2], match[4], match[5], match[6], match[7])
    if (match[3] !== undefined) return toInstant(wallOf(Number(match[3])))
    if (firstYear === null) {
      const written = new Date(options.written_ms).getUTCFullYear()
      firstYear = toInstant(wallOf(written)) > options.written_ms + DAY_MS ? written - 1 : written
      currentYear = firstYear
    }
    let at = toInstant(wallOf(currentYear))
    if (at < lastMs - HALF_YEAR_MS) {
      const next = toInstant(wallOf(currentYear + 1))
      if (next <= options.now_ms + DAY_MS) {
        currentYear += 1
        at = next
      }
    } else if (at > lastMs + HALF_YEAR_MS && currentYear > firstYear) {
      const before = toInstant(wallOf(currentYear - 1))
      if (lastMs - before < MONTH_MS) return before
    }
    // What is still to come is a mistake of its own line, and no measure for the others.
    if (at <= options.now_ms + DAY_MS) lastMs = at
    return at
  }

  const read = (line: string): SyslogReading => {
    const priority = PRIORITY.exec(line)?.[0] ?? ''
    const text = priority === '' ? line : line.slice(priority.length)
    const bsd = BSD.exec(text)
    const iso = bsd === null ? ISO.exec(text) : null
    const head = bsd ?? iso
    if (head === null) return 'no_timestamp'
    const at_ms = bsd === null ? isoInstant(head, toInstant) : bsdInstant(bsd)
    if (Number.isNaN(at_ms)) return 'timestamp_invalid'
    const tail = text.slice(head[0].length)
    if (priority.endsWith(' ')) {
      const match = REST_5424.exec(tail)
      if (match === null) return 'no_timestamp'
      const [, host = '', program = '', pid = '', message = ''] = match
      return { at_ms, host, program, pid: pid === '-' ? '' : pid, message: message.replace(/^\uFEFF/, '') }
    }
    const match = REST.exec(tail)
    if (match === null) return { at_ms, host: '', program: '', pid: '', message: tail }
    const [, host = '', program = '', pid = '', message = ''] = match
    return { at_ms, host, program, pid, message }
  }
  return { read, assumedYear: () => (year === null ? firstYear : null) }
}

function isoInstant(match: RegExpExecArray, toInstant: (wallMs: number) => number): number {
  const at = wall(Number(match[1]), Number(match[2]) - 1, match[3], match[4], match[5], match[6], match[7])
  const offset = match[8]
  return offset === undefined ? toInstant(at) : at - (fixedOffset(offset) ?? NaN)
}

/** A wall time as if it were UTC, in ms; NaN for one that no calendar has (30 February, 25:00). A leap second is the second after. */
function wall(
  year: number,
  month: number,
  day = '',
  hour = '',
  minute = '',
  second = '',
  fraction = '0',
): number {
  const days = Number(day)
  const midnight = Date.UTC(year, month, days)
  const date = new Date(midnight)
  if (date.getUTCMonth() !== month || date.getUTCDate() !== days) return NaN
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return NaN
  const ms = Math.floor(Number(`0.${fraction}`) * 1000)
  return midnight + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + ms
}

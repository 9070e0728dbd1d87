/** Whether `zone` is something that `zoneReader` understands. */
export function isTimezone(zone: string): boolean {
  if (fixedOffset(zone) !== null) return true
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/**
 * Turns a local wall time (as if it were UTC, in ms) into an instant, for one
 * zone: an IANA name or an offset such as `+02:00`.
 *
 * A wall time that comes twice (clocks go back) is taken as the first; one that
 * never comes (clocks go forward) as the instant an hour on. Asking Intl costs
 * about 4 µs, so the answer for a quarter of an hour is remembered: offsets
 * change on such borders only.
 */
export function zoneReader(zone: string): (wallMs: number) => number {
  const fixed = fixedOffset(zone)
  if (fixed !== null) return (wallMs) => wallMs - fixed
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  const offsetAt = (instantMs: number): number => {
    const name = format.formatToParts(instantMs).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT'
    return fixedOffset(name.slice(3)) ?? 0
  }
  let quarter = NaN
  let offset = 0
  return (wallMs) => {
    const asked = Math.floor(wallMs / 900_000)
    if (asked !== quarter) {
      quarter = asked
      // The offset before a change is the one of 24 hours ago; it holds if it maps back onto itself.
      const before = offsetAt(wallMs - 86_400_000)
      offset = offsetAt(wallMs - before) === before ? before : offsetAt(wallMs - offsetAt(wallMs))
    }
    return wallMs - offset
  }
}

/** `Z`, `UTC`, `+02:00`, `-0700`, `+01`, and the empty remainder of `GMT`, in ms; null for anything else. */
export function fixedOffset(text: string): number | null {
  if (text === '' || text === 'Z' || text === 'z' || text === 'UTC') return 0
  const match = /^([+-])(\d{2}):?(\d{2})?(?::\d{2})?$/.exec(text)
  if (match === null) return null
  const [, sign, hours, minutes] = match
  const ms = (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000
  if (Number(hours) > 23 || Number(minutes ?? 0) > 59) return null
  return sign === '-' ? -ms : ms
}

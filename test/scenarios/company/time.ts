import { offsetMs } from './cities.ts'

/** A Monday; Europe changes its clocks on the third Sunday after it, and the quarter ends two days later. */
export const START_MS = Date.parse('2026-03-09T00:00:00.000Z')
export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

/** Local midnight of a day, in ms since the epoch. */
export function midnight(zone: string, day: number): number {
  const dayMs = START_MS + day * DAY
  return dayMs - offsetMs(zone, dayMs)
}

import type { TimePart } from './modifiers.ts'

const DAY_MS = 86_400_000

/**
 * A part of an instant in UTC; undefined for what is no instant. The week is
 * that of ISO 8601, which may be 53.
 *
 * @example timePart('2026-01-05T08:30:00.000Z', 'hour') // 8
 */
export function timePart(instant: unknown, part: TimePart): number | undefined {
  if (typeof instant !== 'string') return undefined
  const date = new Date(instant)
  if (Number.isNaN(date.getTime())) return undefined
  return PARTS[part](date)
}

const PARTS: Readonly<Record<TimePart, (date: Date) => number>> = {
  minute: (date) => date.getUTCMinutes(),
  hour: (date) => date.getUTCHours(),
  day: (date) => date.getUTCDate(),
  week: isoWeek,
  month: (date) => date.getUTCMonth() + 1,
  year: (date) => date.getUTCFullYear(),
}

/** The week of a day is the one that its Thursday belongs to. */
function isoWeek(date: Date): number {
  const midnightMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())
  const thursdayMs = midnightMs + (3 - ((date.getUTCDay() + 6) % 7)) * DAY_MS
  const newYearMs = Date.UTC(new Date(thursdayMs).getUTCFullYear(), 0, 1)
  return 1 + Math.floor((thursdayMs - newYearMs) / (7 * DAY_MS))
}

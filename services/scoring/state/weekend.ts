/**
 * Whether an hour since the epoch lies on a Saturday or Sunday, in UTC. The
 * epoch began on a Thursday.
 *
 * @example isWeekend(48) // true, the third of January 1970
 */
export function isWeekend(hour: number): boolean {
  const weekday = (Math.floor(hour / 24) + 4) % 7
  return weekday === 0 || weekday === 6
}

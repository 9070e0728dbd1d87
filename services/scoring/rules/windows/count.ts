import { filledOf, type Event, type Filled } from './events.ts'

/**
 * Whether some window of `spanMs` holds `need` events, the one at `place`
 * among them. Events are sorted by time, so that `need` neighbours within the
 * span say yes. Windows slide: none begins at a full minute.
 *
 * @returns what the window held that begins with the first such neighbour
 *
 * @example times 0, 40, 50 s, need 3, span 60 s: full at the third; with span 49 s never.
 */
export function countWindow(
  events: readonly Event[],
  place: number,
  need: number,
  spanMs: number,
): Filled | undefined {
  for (let first = Math.max(0, place - need + 1); first <= place; first++) {
    const last = events[first + need - 1]
    const begin = events[first]
    if (begin === undefined || last === undefined) return undefined
    if (last.at_ms - begin.at_ms > spanMs) continue
    let end = first + need
    while (end < events.length && (events[end]?.at_ms ?? 0) - begin.at_ms <= spanMs) end += 1
    return filledOf(events.slice(first, end), end - first)
  }
  return undefined
}

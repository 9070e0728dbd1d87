import { filledOf, type Event, type Filled } from './events.ts'

/**
 * Whether some window of `spanMs` holds events of `need` different rules, the
 * one at `place` among them. One decision may be of several rules.
 */
export function temporalWindow(
  events: readonly Event[],
  place: number,
  need: number,
  spanMs: number,
): Filled | undefined {
  const atMs = events[place]?.at_ms ?? 0
  for (let first = place; first >= 0; first--) {
    const begin = events[first]?.at_ms ?? 0
    if (atMs - begin > spanMs) return undefined
    const held: Event[] = []
    for (let index = first; index < events.length; index++) {
      const event = events[index]
      if (event === undefined || event.at_ms - begin > spanMs) break
      held.push(event)
    }
    const rules = new Set(held.map(({ part }) => part)).size
    if (rules >= need) return filledOf(held, rules)
  }
  return undefined
}

/**
 * The same in the order of the rules, each of another decision. The event at
 * `place` has its rule's turn: before it, of each rule the latest that fits,
 * after it the earliest, which is the shortest way there is through it.
 *
 * @example B at 1 s, A at 2 s, B at 3 s: [A, B] comes about at the third.
 */
export function orderedWindow(
  events: readonly Event[],
  place: number,
  parts: number,
  spanMs: number,
): Filled | undefined {
  const middle = events[place]
  if (middle === undefined) return undefined
  const before: Event[] = []
  let at = place
  for (let part = middle.part - 1; part >= 0; part--) {
    at = seek(events, at, -1, part, [middle, ...before])
    const found = events[at]
    if (found === undefined) return undefined
    before.unshift(found)
  }
  const after: Event[] = []
  at = place
  for (let part = middle.part + 1; part < parts; part++) {
    at = seek(events, at, 1, part, [middle, ...before, ...after])
    const found = events[at]
    if (found === undefined) return undefined
    after.push(found)
  }
  const way = [...before, middle, ...after]
  const filled = filledOf(way, parts)
  return filled.last_ms - filled.first_ms <= spanMs ? filled : undefined
}

/** The next event of a rule in one direction that is of no decision of the way; -1: none. */
function seek(
  events: readonly Event[],
  from: number,
  step: 1 | -1,
  part: number,
  way: readonly Event[],
): number {
  for (let at = from + step; at >= 0 && at < events.length; at += step) {
    const event = events[at]
    if (event?.part === part && !way.some(({ id }) => id !== '' && id === event.id)) return at
  }
  return -1
}

/** A decision, or a correlation that came about, as a window keeps it. */
export interface Event {
  readonly at_ms: number
  /** Which of the correlation's rules it is of. */
  readonly part: number
  /** Decision; empty where it is too old to be told. */
  id: string
  /** Of `value_count`: what is counted. */
  readonly value?: string
  /** Decisions that made a correlation up, where the event is one. */
  before?: readonly string[]
}

/** What a window held when it was full. */
export interface Filled {
  /** Decisions, values or rules. */
  readonly observed: number
  readonly first_ms: number
  readonly last_ms: number
  /** Decisions, oldest first. */
  readonly ids: readonly string[]
}

/** So many decisions does a finding name. */
const NAMED = 20

/** Puts an event where its time belongs, behind those of the same time; returns its place. */
export function insert(events: Event[], event: Event): number {
  let place = events.length
  while (place > 0 && (events[place - 1]?.at_ms ?? 0) > event.at_ms) place -= 1
  events.splice(place, 0, event)
  const unnamed = events[events.length - 1 - NAMED]
  if (unnamed !== undefined) {
    unnamed.id = ''
    delete unnamed.before
  }
  return place
}

/** Lets events go that are older, and the oldest beyond `most`; returns how many went for that. */
export function trim(events: Event[], sinceMs: number, most: number): number {
  let old = 0
  while (old < events.length && (events[old]?.at_ms ?? 0) < sinceMs) old += 1
  const over = Math.max(0, events.length - old - most)
  if (old + over > 0) events.splice(0, old + over)
  return over
}

/** Lets the oldest event of a rule go when there are more than `most` of it: one that floods pushes out itself only. */
export function trimPart(events: Event[], part: number, most: number): number {
  const own = events.filter((event) => event.part === part)
  if (own.length <= most) return 0
  events.splice(
    events.findIndex((event) => event === own[0]),
    1,
  )
  return 1
}

/** What a window over these events held. */
export function filledOf(events: readonly Event[], observed: number): Filled {
  return {
    observed,
    first_ms: events[0]?.at_ms ?? 0,
    last_ms: events.at(-1)?.at_ms ?? 0,
    ids: [...new Set(events.flatMap(({ id, before = [] }) => [...before, id]))]
      .filter((id) => id !== '')
      .slice(-NAMED),
  }
}

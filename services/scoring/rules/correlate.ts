import type { RuleMatch } from '../../../schemas/rule-match.ts'
import type { Branch } from './language/link.ts'
import type { Group } from './state/group.ts'
import type { Lane } from './state/lane.ts'
import type { RuleStates } from './state/rule-states.ts'
import { countWindow } from './windows/count.ts'
import { insert, trim, trimPart, type Event, type Filled } from './windows/events.ts'
import { orderedWindow, temporalWindow } from './windows/temporal.ts'

/** By so much a decision may be older than the newest of its group, and still be counted. */
const GRACE_MS = 10 * 60_000
/** A finding that is going on is over after half an hour. */
export const QUIET_MS = 30 * 60_000
/** Of each rule of a temporal correlation so many decisions are kept. */
const MOST_OF_PART = 20
const LEAST_KEPT = 100

/** What was not counted, and why. */
export interface Passed {
  /** Older than the grace allows. */
  late: number
  /** Without a value that the rule groups by or counts. */
  ungrouped: number
  /** Decisions that left a window early, as it held too many. */
  crowded: number
}

/** A correlation that came about. */
export interface Correlated {
  readonly filled: Filled
  readonly group: Group
  readonly name: string
}

/**
 * Takes a match into the windows of a tree of correlations, from the leaves up:
 * one that comes about is an event for the one above it, at the time and with
 * the values of the decision that completed it. Gives the uppermost if it came
 * about.
 */
export function correlate(
  states: RuleStates,
  lane: Lane,
  branch: Branch,
  match: RuleMatch,
  atMs: number,
  edition: string,
  passed: Passed,
): Correlated | undefined {
  let last: Correlated | undefined
  for (const [index, { node, group: by, counted }] of branch.parts.entries()) {
    let before: readonly string[] | undefined
    if (node.kind === 'leaf') {
      if (node.rule !== match.matched) continue
    } else {
      const inner = correlate(states, lane, node, match, atMs, edition, passed)
      if (inner === undefined) continue
      before = inner.filled.ids
    }
    const values = valuesOf(match, by)
    const value = counted.length === 0 ? undefined : valuesOf(match, counted)
    if (values === undefined || (counted.length > 0 && value === undefined)) {
      passed.ungrouped += 1
      continue
    }
    const { name, group } = states.group(lane, branch.name, values, edition)
    if (atMs < group.newest_ms - GRACE_MS) {
      passed.late += 1
      continue
    }
    const event = {
      at_ms: atMs,
      part: index,
      id: match.decision_id,
      ...(value === undefined ? {} : { value }),
      ...(before === undefined ? {} : { before }),
    }
    const filled = take(branch, group, event, passed)
    states.put(lane, name, group)
    if (filled !== undefined) last = { filled, group, name }
  }
  return last
}

function take(branch: Branch, group: Group, event: Event, passed: Passed): Filled | undefined {
  const { type, need, timespan_ms, parts } = branch
  const { events } = group
  group.newest_ms = Math.max(group.newest_ms, event.at_ms)
  group.until_ms = group.newest_ms + Math.max(timespan_ms + GRACE_MS, QUIET_MS)
  if (type === 'value_count') {
    // Only when a value was seen last counts: windows that end there hold it.
    const known = events.findIndex(({ value }) => value === event.value)
    if (known !== -1 && (events[known]?.at_ms ?? 0) >= event.at_ms) return undefined
    if (known !== -1) events.splice(known, 1)
  }
  const temporal = type === 'temporal' || type === 'temporal_ordered'
  insert(events, event)
  if (temporal) passed.crowded += trimPart(events, event.part, MOST_OF_PART)
  const most = temporal ? MOST_OF_PART * parts.length : Math.max(LEAST_KEPT, 2 * need)
  passed.crowded += trim(events, group.newest_ms - timespan_ms - GRACE_MS, most)
  const place = events.lastIndexOf(event)
  if (place === -1) return undefined
  if (type === 'temporal') return temporalWindow(events, place, need === 0 ? parts.length : need, timespan_ms)
  if (type === 'temporal_ordered') return orderedWindow(events, place, parts.length, timespan_ms)
  return countWindow(events, place, need, timespan_ms)
}

/** The values of some fields as one text; undefined where the decision lacks one. */
function valuesOf({ values }: RuleMatch, paths: readonly string[]): string | undefined {
  const found: string[] = []
  for (const path of paths) {
    const value = Object.hasOwn(values, path) ? values[path] : undefined
    if (value === undefined || value === '') return undefined
    found.push(value)
  }
  return JSON.stringify(found)
}

import { resolvedAlert } from '../../../schemas/alert.ts'
import type { Story } from '../../../schemas/story.ts'
import { elapse, forgettable } from '../ledger/elapse.ts'
import { closeByQuiet } from '../stories/close.ts'
import type { Book } from './book.ts'
import type { Rules, Turn } from './turn.ts'

/** What a calm entity is kept for, so that what was judged safe does not come back. */
const KEEP_CALM_MS = 24 * 3_600_000
/** The breaker's alert is over when it has withheld nothing new for the length of its window. */
const BREAKER_QUIET_MS = 3_600_000
/** Decay is slow (five points in 25 minutes at the fastest), so a part of all entities at a time is soon enough. */
const DECAY_STEP = 1000

/** Stories that are over are kept as long as findings are, and no more of them than this; the store has them all. */
const KEEP_STORY_MS = 30 * 86_400_000
const MAX_OVER = 20_000
/** How many are removed in a turn. */
const RETIRE_STEP = 200

/** What time alone would change now; looked for every second, and handled as a record. */
export interface Due {
  readonly states: string[]
  readonly stories: string[]
  readonly alerts: string[]
  readonly retired: string[]
}

/** Finds what is due; `turn` counts the sweeps, so that all entities have their turn. */
export function findDue(book: Book, rules: Rules, nowMs: number, turn: number): Due {
  const states: string[] = []
  const from = (turn * DECAY_STEP) % Math.max(book.states.size, DECAY_STEP)
  let index = 0
  for (const [key, state] of book.states) {
    const expired = state.expires_at !== null && Date.parse(state.expires_at) <= nowMs
    const looked = index >= from && index < from + DECAY_STEP
    const excess = index < book.states.size - rules.max_entities && state.level === 'LOW'
    index += 1
    if (expired || excess) states.push(key)
    else if (looked && elapse(state, occasionOf(rules, nowMs)) !== state) states.push(key)
    else if (looked && forgettable(state, nowMs, KEEP_CALM_MS, rules.parameters)) states.push(key)
  }
  const stories: string[] = []
  let excess = book.stories.size - rules.stories.max_open
  for (const [key, story] of book.stories) {
    const closed = closeByQuiet(
      story,
      book.presentOf(story.tenant, story.origin, nowMs),
      rules.stories.quiet_ms,
    )
    if (closed !== story || excess > 0) stories.push(key)
    excess -= 1
  }
  const alerts: string[] = []
  for (const [key, alert] of book.alerts)
    if (alert.kind === 'circuit_breaker' && Date.parse(alert.updated_at) + BREAKER_QUIET_MS <= nowMs)
      alerts.push(key)
  const retired: string[] = []
  let tooMany = book.over.size - MAX_OVER
  for (const [key, sinceMs] of book.over) {
    if (retired.length >= RETIRE_STEP || (tooMany <= 0 && sinceMs + KEEP_STORY_MS > nowMs)) break
    retired.push(key)
    tooMany -= 1
  }
  return { states, stories, alerts, retired }
}

export function isNothing(due: Due): boolean {
  return Object.values(due).every((keys: readonly string[]) => keys.length === 0)
}

/** Does what is due. Says how many were pushed out because there were too many. */
export function takeTime(turn: Turn, due: Due): { entities: number; stories: number } {
  const { book, rules, now_ms } = turn
  const evicted = { entities: 0, stories: 0 }
  for (const key of due.states) {
    const state = book.states.get(key)
    if (!state) continue
    if (forgettable(state, now_ms, KEEP_CALM_MS, rules.parameters)) {
      turn.forget(key)
      continue
    }
    const after = elapse(state, occasionOf(rules, now_ms))
    turn.put(state, after)
    if (after === state && book.states.size > rules.max_entities && state.level === 'LOW') {
      evicted.entities += 1
      turn.forget(key)
    }
  }
  for (const key of due.stories) {
    const story = book.stories.get(key)
    if (!story) continue
    const present = book.presentOf(story.tenant, story.origin, now_ms)
    let closed: Story = closeByQuiet(story, present, rules.stories.quiet_ms)
    if (closed === story) {
      if (book.stories.size <= rules.stories.max_open) continue
      evicted.stories += 1
      closed = closeByQuiet(story, Infinity, 0)
    }
    turn.tell(closed)
  }
  for (const key of due.alerts) {
    const alert = book.alerts.get(key)
    if (alert) turn.alert(resolvedAlert(alert, new Date(now_ms).toISOString()))
  }
  for (const key of due.retired) turn.retire(key)
  return evicted
}

/** Time never begins a restriction, so what was withheld stays withheld. */
function occasionOf(rules: Rules, nowMs: number) {
  return { now_ms: nowMs, parameters: rules.parameters, withhold: () => null }
}

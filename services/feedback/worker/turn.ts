import type { Alert } from '../../../schemas/alert.ts'
import { type Entity, entityKey } from '../../../schemas/entity.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import type { Story } from '../../../schemas/story.ts'
import { accessStories, alertsOutbox, riskState } from '../../../schemas/topics.ts'
import type { OutRecord } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import { alertOfStory } from '../alerts/alert-of-story.ts'
import { breakerAlert } from '../alerts/alert-of-breaker.ts'
import type { LedgerParameters } from '../ledger/parameters.ts'
import type { Withhold } from '../ledger/settle.ts'
import { unknownEntity } from '../ledger/observe.ts'
import type { StoryLimits } from '../stories/match.ts'
import type { PageRule } from '../alerts/alert-of-story.ts'
import type { Book } from './book.ts'

/** How often a breaker that stays open is written down. */
const GOES_ON_MS = 300_000

/** What the ledger goes by, beside its own state. */
export interface Rules {
  readonly parameters: LedgerParameters
  readonly stories: StoryLimits & { readonly max_open: number }
  readonly page: PageRule
  readonly max_entities: number
  /** How many subjects are known in a tenant (see `usage/census.ts`). */
  readonly knownSubjects: (tenant: string) => number
  readonly isBreakGlass: (tenant: string, subjectEntityId: string) => boolean
  /** A story that is no longer open, from the log. */
  readonly closedStory: (key: string) => Story | undefined
}

/**
 * One turn of the ledger: what a batch changes, collected, so that an entity
 * that ten findings touch is written once. The book is changed as it goes;
 * should the commit fail, the worker throws the book away and reads it anew.
 */
export class Turn {
  readonly book: Book
  readonly rules: Rules
  readonly now_ms: number
  readonly #states = new Map<string, RiskState | null>()
  readonly #stories = new Map<string, Story | null>()
  readonly #alerts = new Map<string, Alert>()

  constructor(book: Book, rules: Rules, nowMs: number) {
    this.book = book
    this.rules = rules
    this.now_ms = nowMs
  }

  state(tenant: string, entity: Entity, origin: RiskState['origin']): RiskState {
    return (
      this.book.states.get(entityKey(tenant, entity)) ?? unknownEntity(tenant, entity, origin, this.now_ms)
    )
  }

  /** Takes a state over, if it is another one. */
  put(before: RiskState, after: RiskState): void {
    if (before === after) return
    const key = entityKey(after.tenant, after.entity)
    this.book.setState(key, after, this.now_ms)
    this.#states.set(key, after)
    if (after.withheld === 'circuit_breaker' && before.withheld !== 'circuit_breaker')
      this.#breakerOpened(after)
  }

  forget(key: string): void {
    this.book.states.delete(key)
    this.#states.set(key, null)
  }

  story(key: string): Story | undefined {
    return this.book.stories.get(key) ?? this.#stories.get(key) ?? this.rules.closedStory(key)
  }

  tell(story: Story): void {
    const key = `${story.tenant}/${story.id}`
    this.book.setStory(story, this.now_ms)
    this.#stories.set(key, story)
    const before = this.book.alerts.get(`${story.tenant}/alert-${story.id}`)
    const alert = alertOfStory(story, before, this.rules.page, this.now_ms)
    if (alert !== undefined && alert !== before) this.alert(alert)
  }

  /** Removes a story that was closed long ago. */
  retire(key: string): void {
    this.book.over.delete(key)
    this.#stories.set(key, null)
  }

  alert(alert: Alert): void {
    this.book.setAlert(alert)
    this.#alerts.set(`${alert.tenant}/${alert.id}`, alert)
  }

  /** Why a restriction of this entity may not begin. `subjects`: whom it would hit. */
  withhold(subjects: readonly string[], automatic: boolean): Withhold {
    return (state) => {
      if (state.origin === 'import' && !this.rules.page.act_on_import) return 'import'
      if (subjects.some((id) => this.rules.isBreakGlass(state.tenant, id))) return 'break_glass'
      if (!automatic || state.restricted_since !== null) return null
      const known = this.rules.knownSubjects(state.tenant)
      return this.book.breaker.allows(state.tenant, state.entity.type, known, this.now_ms)
        ? null
        : 'circuit_breaker'
    }
  }

  /** What is to be written: the newest of each key. */
  outputs(): OutRecord[] {
    const records: OutRecord[] = []
    for (const [key, state] of this.#states)
      records.push(state ? jsonRecord(riskState, state) : { topic: riskState, key, value: null })
    for (const [key, story] of this.#stories)
      records.push(story ? jsonRecord(accessStories, story) : { topic: accessStories, key, value: null })
    for (const alert of this.#alerts.values()) records.push(jsonRecord(alertsOutbox, alert))
    return records
  }

  changedStates(): RiskState[] {
    return [...this.#states.values()].filter((state) => state !== null)
  }

  #breakerOpened(state: RiskState): void {
    for (const alert of this.book.alerts.values()) {
      if (alert.kind !== 'circuit_breaker' || alert.tenant !== state.tenant) continue
      // It goes on: receivers need not hear of it (same revision), but it must not end.
      if (Date.parse(alert.updated_at) + GOES_ON_MS <= this.now_ms)
        this.alert({ ...alert, updated_at: new Date(this.now_ms).toISOString() })
      return
    }
    const known = this.rules.knownSubjects(state.tenant)
    const limit = this.book.breaker.limitOf(known)
    this.alert(breakerAlert(state.tenant, limit, known, state.decision_id, this.now_ms))
  }
}

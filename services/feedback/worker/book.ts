import type { Alert } from '../../../schemas/alert.ts'
import { entityKey } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import type { Story } from '../../../schemas/story.ts'
import { type BreakerLimits, CircuitBreaker } from '../ledger/breaker.ts'
import { actorsOf } from '../stories/actors.ts'
import { type Chosen, type StoryLimits, chooseStory } from '../stories/match.ts'

/** Findings whose story is remembered, so that a later revision finds it. */
const MAX_FINDINGS = 20_000

/**
 * What the ledger holds in memory: exactly what the compacted topics hold, as
 * objects, with the indexes that finding a story asks for. It is read anew
 * from the log at the start and after a commit that failed.
 */
export class Book {
  /** By entity key, the one changed longest ago first. */
  readonly states = new Map<string, RiskState>()
  /** Open stories by `<tenant>/<id>`, the one told longest ago first. */
  readonly stories = new Map<string, Story>()
  /** Stories that are over, by `<tenant>/<id>`, with the time from which they are kept; the oldest first. */
  readonly over = new Map<string, number>()
  /** Firing alerts by `<tenant>/<id>`. */
  readonly alerts = new Map<string, Alert>()
  readonly breaker: CircuitBreaker
  /** Open stories by who acts in them. */
  readonly #byEntity = new Map<string, Set<string>>()
  readonly #storyOfFinding = new Map<string, string>()
  readonly #historyMs = new Map<string, number>()

  constructor(limits: BreakerLimits) {
    this.breaker = new CircuitBreaker(limits)
  }

  setState(key: string, state: RiskState, nowMs: number): void {
    this.breaker.note(this.states.get(key), state, nowMs)
    this.states.delete(key)
    this.states.set(key, state)
  }

  setStory(story: Story, nowMs: number): void {
    const key = `${story.tenant}/${story.id}`
    const before = this.stories.get(key)
    for (const id of story.finding_ids) this.#remember(`${story.tenant}/${id}`, key)
    if (before) this.#unindex(key, before)
    this.over.delete(key)
    if (story.state !== 'open') {
      this.stories.delete(key)
      // History closes in its own time, long ago; people may still want to read it.
      const closedMs =
        story.origin === 'live' && story.closed_at !== null ? Date.parse(story.closed_at) : nowMs
      this.over.set(key, closedMs)
      return
    }
    // Taken out and put back: the story that was told longest ago comes first.
    this.stories.delete(key)
    this.stories.set(key, story)
    for (const entity of story.actors ?? []) {
      const at = entityKey(story.tenant, entity)
      const keys = this.#byEntity.get(at)
      if (keys) keys.add(key)
      else this.#byEntity.set(at, new Set([key]))
    }
  }

  setAlert(alert: Alert): void {
    const key = `${alert.tenant}/${alert.id}`
    if (alert.state === 'firing') this.alerts.set(key, alert)
    else this.alerts.delete(key)
  }

  /** Which open stories a finding belongs to. */
  storiesFor(finding: Finding, limits: StoryLimits): Chosen {
    const keys = new Set<string>()
    const known = this.storyKeyOf(finding)
    if (known !== undefined) keys.add(known)
    for (const actor of actorsOf(finding))
      for (const key of this.#byEntity.get(entityKey(finding.tenant, actor)) ?? []) keys.add(key)
    const stories: Story[] = []
    for (const key of keys) {
      const story = this.stories.get(key)
      if (story) stories.push(story)
    }
    return chooseStory(stories, finding, limits)
  }

  /** Key of the story, open or not, that a finding was last part of. */
  storyKeyOf(finding: Finding): string | undefined {
    return this.#storyOfFinding.get(`${finding.tenant}/${finding.id}`)
  }

  /** The newest event time of a tenant's imported findings: the present, where history is concerned. */
  noteHistory(finding: Finding): void {
    if (finding.origin !== 'import') return
    const ms = Date.parse(finding.observed_at)
    this.#historyMs.set(finding.tenant, Math.max(ms, this.#historyMs.get(finding.tenant) ?? 0))
  }

  presentOf(tenant: string, origin: Story['origin'], nowMs: number): number {
    return origin === 'live' ? nowMs : (this.#historyMs.get(tenant) ?? 0)
  }

  #remember(findingKey: string, storyKey: string): void {
    this.#storyOfFinding.delete(findingKey)
    this.#storyOfFinding.set(findingKey, storyKey)
    if (this.#storyOfFinding.size <= MAX_FINDINGS) return
    const oldest = this.#storyOfFinding.keys().next().value
    if (oldest !== undefined) this.#storyOfFinding.delete(oldest)
  }

  #unindex(key: string, story: Story): void {
    for (const entity of story.actors ?? []) {
      const at = entityKey(story.tenant, entity)
      const keys = this.#byEntity.get(at)
      if (keys?.delete(key) && keys.size === 0) this.#byEntity.delete(at)
    }
  }
}

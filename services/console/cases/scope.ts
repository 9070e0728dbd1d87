import { subjectEntityId, type Entity } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { isErasedEntity } from '../../../schemas/scrub.ts'
import type { Store } from '../store/store.ts'
import { findDecision } from '../store/decisions.ts'
import { findingsOfDecision } from '../store/findings.ts'
import type { CaseQuestion, CaseScope } from './case-scope.ts'
import { newestOf } from './collect/decisions.ts'
import { findingsOf } from './collect/findings.ts'
import { storyById } from './collect/stories.ts'

const HOUR_MS = 3_600_000
/** Without a range, the case of an entity ends at its newest decision and goes back this far. */
const DEFAULT_SPAN_MS = 30 * 24 * HOUR_MS
/** What happened shortly before and after a finding belongs to its case. */
const AROUND_MS = HOUR_MS
/** As far as instants of the store go for sure. */
const FAR_MS = Date.UTC(2105, 11, 31)
const MOST_ACCUSED = 4
const MOST_ENTITIES = 16

/** Null: nobody knows what the question is about. */
export async function scopeOf(store: Store, question: CaseQuestion): Promise<CaseScope | null> {
  const { about, tenant } = question
  if (about.kind === 'entity') return scopeOfEntity(store, question, about.entity)
  if (about.kind === 'story') return scopeOfStory(store, question, about.id)
  if (about.kind === 'decision') return scopeOfDecision(store, question, about.id)
  const [finding] = (await findingsOf(store, tenant, [about.id])).rows
  return finding ? scopeOfFinding(question, finding) : null
}

async function scopeOfEntity(
  store: Store,
  question: CaseQuestion,
  entity: Entity,
): Promise<CaseScope | null> {
  if (isErasedEntity(entity)) return null
  let { to_ms } = question
  if (to_ms === null) {
    const newest = await newestOf(store, question.tenant, entity)
    if (newest === null && question.from_ms === null) return null
    to_ms = (newest ?? question.from_ms ?? 0) + 1
  }
  const bounds = ranged(question, to_ms - DEFAULT_SPAN_MS, to_ms)
  return scope(question, bounds, { title: `${entity.type} ${entity.id}`, accused: [entity] })
}

function scopeOfFinding(question: CaseQuestion, finding: Finding): CaseScope {
  return scope(question, rangeOfFindings(question, [finding]), {
    title: finding.summary,
    accused: [finding.entity],
    entities: finding.entities,
    finding_ids: [finding.id],
  })
}

async function scopeOfStory(store: Store, question: CaseQuestion, id: string): Promise<CaseScope | null> {
  const story = await storyById(store, question.tenant, id)
  if (story === null) return null
  const findings = (await findingsOf(store, question.tenant, story.finding_ids)).rows
  const opened = Date.parse(story.opened_at)
  const bounds =
    findings.length > 0
      ? rangeOfFindings(question, findings)
      : ranged(question, opened - AROUND_MS, Date.parse(story.observed_at) + AROUND_MS)
  return scope(question, bounds, {
    title: story.title,
    accused: findings.map(({ entity }) => entity),
    entities: story.entities,
    finding_ids: story.finding_ids,
    story_ids: [story.id],
  })
}

async function scopeOfDecision(store: Store, question: CaseQuestion, id: string): Promise<CaseScope | null> {
  const decision = await findDecision(store, id)
  if (decision === null || decision.tenant !== question.tenant) return null
  const at = Date.parse(decision.decided_at)
  const findings = await findingsOfDecision(store, decision)
  const subject = { type: decision.subject_type, id: decision.subject_id }
  return scope(question, ranged(question, at - AROUND_MS, at + AROUND_MS), {
    title: `decision ${id}`,
    accused: [{ type: 'subject', id: subjectEntityId(subject) }],
    finding_ids: findings.map((finding) => finding.id).toSorted(),
    decision_ids: [id],
  })
}

interface Range {
  readonly from: number
  readonly to: number
}

function rangeOfFindings(question: CaseQuestion, findings: readonly Finding[]): Range {
  const first = Math.min(...findings.map(({ first_observed_at }) => Date.parse(first_observed_at)))
  const last = Math.max(...findings.map(({ observed_at }) => Date.parse(observed_at)))
  return ranged(question, first - AROUND_MS, last + AROUND_MS)
}

function ranged({ from_ms, to_ms }: CaseQuestion, from: number, to: number): Range {
  const [start, end] = [from_ms ?? from, to_ms ?? to]
  return { from: Math.max(0, Math.min(start, end)), to: Math.max(start + 1, end) }
}

function scope(
  { tenant, about, to_ms }: CaseQuestion,
  range: Range,
  parts: {
    readonly title: string
    readonly accused: readonly Entity[]
    readonly entities?: readonly Entity[]
    readonly finding_ids?: readonly string[]
    readonly story_ids?: readonly string[]
    readonly decision_ids?: readonly string[]
  },
): CaseScope {
  // An erased person's case is what is named by id: by entity it would be that of everybody who was erased.
  const accused = distinct(parts.accused).slice(0, MOST_ACCUSED)
  return {
    tenant,
    about,
    ...range,
    until: to_ms ?? FAR_MS,
    title: parts.title,
    accused,
    entities: distinct([...parts.accused, ...(parts.entities ?? [])]).slice(0, MOST_ENTITIES),
    finding_ids: parts.finding_ids ?? null,
    story_ids: parts.story_ids ?? [],
    decision_ids: parts.decision_ids ?? [],
  }
}

function distinct(entities: readonly Entity[]): Entity[] {
  const named = entities.filter((entity) => !isErasedEntity(entity))
  return [...new Map(named.map((entity) => [`${entity.type} ${entity.id}`, entity])).values()]
}

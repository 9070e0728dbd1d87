import { hash } from 'node:crypto'
import type { Entity } from '../../schemas/entity.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { Explanation, Thresholds } from './detector.ts'
import type { Notes, OpenCase } from './state/entity/entity-state.ts'

/** A decision as the life of findings sees it. */
export interface Observed {
  readonly decision_id: string
  readonly tenant: string
  readonly origin: Finding['origin']
  readonly decided_at: string
  readonly at_ms: number
  readonly entity: Entity
  /** Others that the decision touches: session, device, source or subject. */
  readonly related: readonly Entity[]
  readonly refused: boolean
  /** It lets in somebody new, and that is worth a revision of its own. */
  readonly gave_way?: boolean
}

export interface Speaker {
  readonly id: string
  readonly version: number
  readonly technique: string
  readonly thresholds: Thresholds
  readonly most_nats?: number | undefined
}

/** Without a decision above the threshold for so long, the next one opens a new finding, where no detector asks for more. */
const QUIET_MS = 30 * 60_000
/** One that rests on the evidence of all detectors together is the same happening for longer: a thief sleeps. */
const JOINT_QUIET_MS = 24 * 3_600_000
/** A finding that goes on is told again this often at most, unless its level rises. */
const REVISE_MS = 5 * 60_000
const MOST_DECISIONS = 20
const MOST_ENTITIES = 50
const MOST_REFUSED = MOST_DECISIONS - 1

/**
 * A score as evidence for compromise, in nats: 4 at the threshold for MEDIUM,
 * 5.5 at that for HIGH, linear, at most `most`.
 *
 * @example evidenceNats(20, { medium: 10, high: 30 }) // 4.75
 */
export function evidenceNats(score: number, { medium, high }: Thresholds, most = 6): number {
  // A calibration may put both at one score: there it is HIGH.
  const share = high > medium ? (score - medium) / (high - medium) : 1
  return Math.min(most, Math.round((4 + 1.5 * share) * 1000) / 1000)
}

/**
 * Carries a finding on by one decision whose score reached the threshold:
 * opens it, revises it when its level rises, when another account gave way or
 * five minutes of event time have passed, and otherwise only counts. The id follows from detector, entity and
 * the decision that opened it, so a repeat is the same finding.
 */
export function advance(
  notes: Notes,
  detector: Speaker,
  score: number,
  observed: Observed,
  explain: () => Explanation,
): Finding | undefined {
  const level = score >= detector.thresholds.high ? 'HIGH' : 'MEDIUM'
  let open = notes.cases.find((each) => each.detector === detector.id)
  if (open === undefined) {
    open = openCase(detector, level, score, observed)
    notes.cases.push(open)
    return tell(open, notes, detector, observed, explain())
  }
  const rises = level === 'HIGH' && open.level === 'MEDIUM'
  const due = isDue(open, observed)
  open.total += 1
  open.last_ms = Math.max(open.last_ms, observed.at_ms)
  open.score = Math.max(open.score, score)
  if (rises) open.level = 'HIGH'
  addDecisions(open, [observed.decision_id])
  const taken = observed.gave_way === true && addTaken(open, observed.related)
  if (!rises && !due && !taken) {
    addEntities(open, observed.related)
    return undefined
  }
  open.revision += 1
  open.revised_ms = observed.at_ms
  return tell(open, notes, detector, observed, explain())
}

/** Keeps a refused decision for findings that will rest on it. */
export function keepRefused(notes: Notes, observed: Observed): void {
  notes.refused.push({ id: observed.decision_id, at_ms: observed.at_ms })
  if (notes.refused.length > MOST_REFUSED) notes.refused.shift()
}

/** Keeps a subject for findings about its source. */
export function keepSubject(notes: Notes, id: string, atMs: number): void {
  const known = notes.subjects.findIndex((each) => each.id === id)
  if (known !== -1) notes.subjects.splice(known, 1)
  notes.subjects.push({ id, at_ms: atMs })
  if (notes.subjects.length > MOST_ENTITIES) notes.subjects.shift()
}

/** Drops what is over; undefined when nothing is left. */
export function prune(notes: Notes, atMs: number, quietMs = QUIET_MS): Notes | undefined {
  const since = atMs - QUIET_MS
  notes.cases = notes.cases.filter(
    (each) => each.last_ms >= (each.leader === undefined ? atMs - quietMs : atMs - JOINT_QUIET_MS),
  )
  notes.refused = notes.refused.filter((each) => each.at_ms >= since)
  notes.subjects = notes.subjects.filter((each) => each.at_ms >= since - QUIET_MS)
  return notes.cases.length + notes.refused.length + notes.subjects.length === 0 ? undefined : notes
}

/** Whether five minutes have passed since the last revision. */
export function isDue(open: OpenCase, { at_ms }: Observed): boolean {
  return at_ms - open.revised_ms >= REVISE_MS
}

export function openCase(
  detector: Speaker,
  level: OpenCase['level'],
  score: number,
  observed: Observed,
): OpenCase {
  const { tenant, entity, decision_id } = observed
  const parts = [detector.id, detector.version, tenant, entity.type, entity.id, decision_id]
  return {
    detector: detector.id,
    id: hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32),
    opened_at: observed.decided_at,
    revision: 1,
    level,
    score,
    last_ms: observed.at_ms,
    revised_ms: observed.at_ms,
    total: 1,
    decision_ids: [decision_id],
    entities: [],
    taken: observed.gave_way === true ? observed.related.map((each) => each.id) : [],
  }
}

function tell(
  open: OpenCase,
  notes: Notes,
  detector: Speaker,
  observed: Observed,
  explanation: Explanation,
): Finding {
  return stated(open, notes, detector, observed, detector.thresholds, explanation, detector.most_nats)
}

/** A case as it is told, with what its entity did before. */
export function stated(
  open: OpenCase,
  notes: Notes,
  { id, version, technique }: Pick<Speaker, 'id' | 'version' | 'technique'>,
  observed: Observed,
  thresholds: Thresholds,
  explanation: Explanation,
  most?: number,
): Finding {
  if (open.revision === 1) {
    const earlier = [
      ...(explanation.decision_ids ?? []),
      ...(explanation.with_refused === true ? notes.refused.map((each) => each.id) : []),
    ].filter((each) => each !== observed.decision_id)
    open.total += earlier.length
    open.decision_ids = [...new Set([...earlier, ...open.decision_ids])].slice(-MOST_DECISIONS)
  }
  addEntities(open, observed.related)
  addEntities(
    open,
    notes.subjects.map((each) => ({ type: 'subject', id: each.id })),
  )
  return {
    schema_version: 1,
    id: open.id,
    revision: open.revision,
    tenant: observed.tenant,
    origin: observed.origin,
    detector: { id, version },
    cause: explanation.cause,
    entity: observed.entity,
    entities: open.entities.slice(),
    score: Math.round(open.score * 1000) / 1000,
    evidence_nats: evidenceNats(open.score, thresholds, most),
    risk_level: open.level,
    observed_at: observed.decided_at,
    first_observed_at: open.opened_at,
    decision_ids: open.decision_ids.slice(),
    decisions_total: open.total,
    technique,
    evidence: explanation.evidence,
    gates: explanation.gates.slice(0, 8),
    summary: explanation.summary.slice(0, 512),
  }
}

export function addDecisions(open: OpenCase, ids: readonly string[]): void {
  open.decision_ids.push(...ids)
  if (open.decision_ids.length > MOST_DECISIONS)
    open.decision_ids.splice(0, open.decision_ids.length - MOST_DECISIONS)
}

/** Whether an account gave way that had not before. */
export function addTaken(open: OpenCase, entities: readonly Entity[]): boolean {
  const [account] = entities
  if (account === undefined || open.taken.includes(account.id) || open.taken.length >= MOST_ENTITIES)
    return false
  open.taken.push(account.id)
  return true
}

export function addEntities(open: OpenCase, entities: readonly Entity[]): void {
  for (const entity of entities) {
    if (open.entities.length >= MOST_ENTITIES) break
    if (open.entities.some((each) => each.type === entity.type && each.id === entity.id)) continue
    open.entities.push(entity)
  }
}

import type { Finding } from '../../../schemas/finding.ts'
import type { Entity } from '../../../schemas/entity.ts'
import type { CauseEvidence, RiskState } from '../../../schemas/risk.ts'
import { causesOf } from './causes-of.ts'
import { contributionsOf, withContribution } from './evidence.ts'
import { type Occasion, settle } from './settle.ts'

/** Evidence too small to write down: it moves no score by a tenth of a level. */
const NEGLIGIBLE_NATS = 0.1

const MAX_STORIES = 8

/** An entity of which nothing is known. */
export function unknownEntity(
  tenant: string,
  entity: Entity,
  origin: RiskState['origin'],
  nowMs: number,
): RiskState {
  return {
    schema_version: 1,
    tenant,
    entity,
    origin,
    revision: Math.floor(nowMs / 1000),
    score: 0,
    level: 'LOW',
    required_action: 'none',
    causes: [],
    story_ids: [],
    updated_at: new Date(nowMs).toISOString(),
    expires_at: null,
    restricted_since: null,
    revoked_before: null,
    withheld: null,
    decision_id: null,
  }
}

/**
 * A finding's effect on one entity; `share` is how much of its evidence
 * concerns this one. Returns the same object when nothing changes that is
 * worth a record: the state in memory is always the one in the log, so a crash
 * loses nothing. A record is due when the evidence changes, or when a quarter
 * of the restriction's time has gone since it was last extended.
 */
export function observe(
  before: RiskState,
  finding: Finding,
  share: number,
  storyId: string,
  occasion: Omit<Occasion, 'fresh'>,
): RiskState {
  if (finding.evidence_nats * share < NEGLIGIBLE_NATS || before.cleared_finding_ids?.includes(finding.id))
    return before
  const { now_ms, parameters } = occasion
  const atMs = Math.min(Date.parse(finding.observed_at), now_ms)
  const known = before.causes.some(({ finding_ids }) => finding_ids.includes(finding.id))
  const at = new Date(atMs).toISOString()
  const halfLifeMs = parameters.half_life_ms[before.entity.type]
  let causes: readonly CauseEvidence[] = before.causes
  for (const [cause, evidence] of causesOf(finding)) {
    const nats = evidence * share
    if (nats < NEGLIGIBLE_NATS) continue
    causes = withContribution(causes, cause, { finding_id: finding.id, nats, at }, now_ms, halfLifeMs)
  }
  if (causes === before.causes) return before
  const story_ids = before.story_ids.includes(storyId)
    ? before.story_ids
    : [...before.story_ids, storyId].slice(-MAX_STORIES)
  const named: RiskState = {
    ...before,
    origin: before.origin === 'live' ? 'live' : finding.origin,
    story_ids,
    decision_id: finding.decision_ids.at(-1) ?? null,
  }
  const after = settle(named, causes, { ...occasion, fresh: known ? 'revision' : 'finding' })
  return !known || worthARecord(before, after) ? after : before
}

/** Whether a reader should hear of the difference: level, action, score by 5 or more, evidence, or a longer restriction. */
export function worthARecord(before: RiskState, after: RiskState): boolean {
  if (before.level !== after.level || before.required_action !== after.required_action) return true
  if (before.withheld !== after.withheld || Math.abs(before.score - after.score) >= 5) return true
  if (before.revoked_before !== after.revoked_before) return true
  if (totalNats(after) > totalNats(before) + 0.001) return true
  if (after.expires_at === null || before.expires_at === null) return false
  const leftMs = Date.parse(after.expires_at) - Date.parse(after.updated_at)
  return Date.parse(after.expires_at) - Date.parse(before.expires_at) > leftMs / 4
}

/** Undecayed: rises only by new evidence, never by refreshed time. */
function totalNats(state: RiskState): number {
  let total = 0
  for (const cause of state.causes) for (const { nats } of contributionsOf(cause)) total += nats
  return total
}

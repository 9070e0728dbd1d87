import { z } from 'zod'
import type { Entity } from '../../../schemas/entity.ts'
import { DecisionSummary, summaryColumns } from '../decision-row.ts'
import { decisionsOf, entityParams } from './decisions-of.ts'
import type { Store } from './store.ts'

/** One entity of one tenant between two instants, in ms. */
export interface Scope {
  readonly tenant: string
  readonly entity: Entity
  readonly from: number
  readonly to: number
}

export const TimelineRisk = z.object({
  at: z.string(),
  revision: z.number(),
  score: z.number(),
  level: z.string(),
  required_action: z.string(),
  causes: z.array(z.string()),
  expires_at: z.string().nullable(),
  withheld: z.string().nullable(),
})
export type TimelineRisk = z.infer<typeof TimelineRisk>

export const TimelineFinding = z.object({
  id: z.string(),
  observed_at: z.string(),
  detector_id: z.string(),
  cause: z.string(),
  risk_level: z.string(),
  score: z.number(),
  summary: z.string(),
  /** The decision that made the newest revision. */
  decision_id: z.string(),
})
export type TimelineFinding = z.infer<typeof TimelineFinding>

export const TimelineVerdict = z.object({
  id: z.string(),
  verdict: z.string(),
  analyst: z.string(),
  note: z.string(),
  story_id: z.string().nullable(),
  decided_at: z.string(),
})
export type TimelineVerdict = z.infer<typeof TimelineVerdict>

export const DecisionBucket = z.object({ at: z.string(), outcomes: z.record(z.string(), z.coerce.number()) })
export type DecisionBucket = z.infer<typeof DecisionBucket>

const within = (column: string) =>
  `${column} >= fromUnixTimestamp64Milli({from:Int64}) AND ${column} < fromUnixTimestamp64Milli({to:Int64})`

/** States in the range, and the one that held when it began. */
export function riskHistory(store: Store, scope: Scope): Promise<TimelineRisk[]> {
  const columns = `updated_at AS at, revision, score, level, required_action, causes_cause AS causes, expires_at, withheld`
  const where = `tenant = {tenant:String} AND entity_type = {type:String} AND entity_id = {id:String}`
  return store(
    'the risk history',
    `SELECT * FROM (
       SELECT ${columns} FROM risk_states WHERE ${where} AND updated_at < fromUnixTimestamp64Milli({from:Int64})
       ORDER BY revision DESC LIMIT 1
       UNION ALL
       SELECT ${columns} FROM risk_states WHERE ${where} AND ${within('updated_at')}
       ORDER BY revision DESC LIMIT 1 BY revision LIMIT 1000
     ) ORDER BY revision`,
    params(scope),
    (row) => TimelineRisk.parse(row),
  )
}

/** Findings about the entity and those that touch it, newest first. */
export function findingsOfEntity(store: Store, scope: Scope): Promise<TimelineFinding[]> {
  return store(
    'the findings',
    `SELECT id, observed_at, detector_id, cause, risk_level, score, summary, decision_ids[-1] AS decision_id
     FROM findings
     WHERE tenant = {tenant:String} AND ${within('observed_at')}
       AND ((entity_type = {type:String} AND entity_id = {id:String})
         OR has(arrayZip(entities_type, entities_id), ({type:String}, {id:String})))
     ORDER BY observed_at DESC, revision DESC LIMIT 1 BY id LIMIT 200`,
    params(scope),
    (row) => TimelineFinding.parse(row),
  )
}

export function verdictsOfEntity(store: Store, scope: Scope): Promise<TimelineVerdict[]> {
  return store(
    'the verdicts',
    `SELECT id, verdict, analyst, note, story_id, decided_at FROM verdicts
     WHERE tenant = {tenant:String} AND entity_type = {type:String} AND entity_id = {id:String}
       AND ${within('decided_at')}
     ORDER BY decided_at DESC LIMIT 1 BY id LIMIT 100`,
    params(scope),
    (row) => TimelineVerdict.parse(row),
  )
}

/** Decisions by outcome in steps of `bucket_ms`; a repeated row counts once. */
export function countDecisions(store: Store, scope: Scope, bucket_ms: number): Promise<DecisionBucket[]> {
  return store(
    'the decisions by time',
    `SELECT at, CAST((groupArray(outcome), groupArray(decisions)), 'Map(String, UInt64)') AS outcomes FROM (
       SELECT fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(decided_at), {bucket_ms:Int64}) * {bucket_ms:Int64}, 'UTC') AS at,
         toString(outcome) AS outcome, uniq(id) AS decisions
       FROM decisions WHERE ${scoped(scope)} GROUP BY at, outcome
     ) GROUP BY at ORDER BY at`,
    { ...params(scope), bucket_ms },
    (row) => DecisionBucket.parse(row),
  )
}

export function latestDecisions(store: Store, scope: Scope): Promise<DecisionSummary[]> {
  return store(
    'the decisions',
    `SELECT ${summaryColumns.join(', ')} FROM decisions WHERE ${scoped(scope)}
     ORDER BY decided_at DESC LIMIT 1 BY id LIMIT 50`,
    params(scope),
    (row) => DecisionSummary.parse(row),
  )
}

function params({ tenant, entity, from, to }: Scope): Record<string, unknown> {
  return { tenant, ...entityParams(entity), from, to }
}

function scoped({ entity }: Scope): string {
  return `tenant = {tenant:String} AND ${within('decided_at')} AND ${decisionsOf(entity)}`
}

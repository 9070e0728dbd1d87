import { z } from 'zod'
import type { CaseFile } from '../../../../schemas/case-file.ts'
import { openDecisionRows } from '../../../../schemas/clickhouse/decision-row.ts'
import { Decision } from '../../../../schemas/decision.ts'
import type { Entity } from '../../../../schemas/entity.ts'
import type { Finding } from '../../../../schemas/finding.ts'
import { isRecord } from '../../../../schemas/record.ts'
import { Enrichment, Scores } from '../../../../schemas/scored-decision.ts'
import { decisionsOf, entityParams } from '../../store/decisions-of.ts'
import type { Store } from '../../store/store.ts'
import { bucketOf } from '../../timeline.ts'
import type { CaseScope } from '../case-scope.ts'
import { statementOf } from '../statement.ts'
import { collected, type Collected } from './collected.ts'

/** A contributing decision may be older than the range: a finding may have been opened long before. */
const SLACK_MS = 600_000

/** What a row keeps of its link; hashes follow from the chain. */
const KeptLink = z.object({
  prev: z.string().optional(),
  salt: z.string().optional(),
  personal_hash: z.string().optional(),
})

/** A stored decision of a case, before anything is proven of it. */
export interface StoredDecision {
  readonly decision: Omit<Decision, 'chain'>
  readonly kept: z.infer<typeof KeptLink> | null
  readonly enrichment: Enrichment
  readonly scores: Scores
}

const Unchained = Decision.omit({ chain: true })

/** Reads rows of `SELECT *`. Making one takes a millisecond. */
export function decisionReader(): (row: unknown) => StoredDecision {
  const rows = openDecisionRows()
  return (row) => {
    const scored = rows.toScored(isRecord(row) ? row : {})
    const parts = z
      .object({
        decision: z.looseObject({ chain: z.unknown() }),
        enrichment: z.unknown(),
        scores: z.unknown(),
      })
      .parse(scored)
    const { chain, ...decision } = parts.decision
    return {
      decision: Unchained.parse(decision),
      kept: chain === undefined ? null : KeptLink.parse(chain),
      enrichment: Enrichment.strip().parse(parts.enrichment),
      scores: Scores.parse(parts.scores),
    }
  }
}

export interface CaseRoom {
  /** Decisions at most. */
  readonly most: number
  /** As many of the rows as there is room for, in their order. */
  readonly fitting: (rows: readonly StoredDecision[]) => readonly StoredDecision[]
}

/**
 * The decisions of a case, oldest first: those that findings rest on come
 * before the others, of which the newest are taken while there is room.
 */
export async function collectDecisions(
  store: Store,
  scope: CaseScope,
  findings: readonly Finding[],
  { most, fitting }: CaseRoom,
): Promise<Collected<StoredDecision>> {
  const contributing = contributingTo(scope, findings)
  const parse = decisionReader()
  const params = { ...rangeParams(scope), ids: contributing, since: scope.from - SLACK_MS - 86_400_000 }
  const named = `id IN {ids:Array(String)}`
  const within = inRange(scope)
  const rest = `ORDER BY decided_at DESC, id, ingested_at DESC LIMIT 1 BY id LIMIT {most:UInt32}`
  const own =
    contributing.length === 0
      ? []
      : await store(
          'the decisions of the findings',
          `SELECT * FROM decisions WHERE tenant = {tenant:String} AND ${named} ${rest}`,
          { ...params, most },
          parse,
        )
  const room = most - own.length
  const others =
    room === 0
      ? []
      : await store(
          'the decisions',
          `SELECT * FROM decisions WHERE ${within} AND NOT ${named} ${rest}`,
          { ...params, most: room },
          parse,
        )
  const [counted] = await store(
    'the number of decisions',
    `SELECT uniqExact(id) AS n FROM decisions WHERE (${within}) OR (tenant = {tenant:String} AND ${named})`,
    params,
    (row) => z.object({ n: z.coerce.number() }).parse(row).n,
  )
  const rows = fitting([...own, ...others]).toSorted((a, b) => compare(a.decision, b.decision))
  return collected(rows, counted ?? 0, () =>
    statementOf(
      `SELECT * FROM decisions WHERE (${within}) OR (tenant = {tenant:String} AND (${named} OR id IN
         (SELECT arrayJoin(decision_ids) FROM findings WHERE tenant = {tenant:String} AND id IN {findings:Array(String)})))
       ORDER BY decided_at, id LIMIT 1 BY id`,
      { ...rangeParams(scope), ids: scope.decision_ids, findings: findings.map(({ id }) => id) },
    ),
  )
}

/** The decisions that a case rests on, whenever they were made. */
export function contributingTo(scope: CaseScope, findings: readonly Finding[]): readonly string[] {
  return [...new Set([...scope.decision_ids, ...findings.flatMap((one) => one.decision_ids)])]
}

/** Decisions by outcome, in steps that fit the time in which there are any; a repeated row counts once. */
export async function countActivity(store: Store, scope: CaseScope): Promise<CaseFile['activity']> {
  const Extent = z.object({ first: z.coerce.number(), last: z.coerce.number() })
  const [extent] = await store(
    'the time of the decisions',
    `SELECT toUnixTimestamp64Milli(min(decided_at)) AS first, toUnixTimestamp64Milli(max(decided_at)) AS last
     FROM decisions WHERE ${inRange(scope)} HAVING count() > 0`,
    rangeParams(scope),
    (row) => Extent.parse(row),
  )
  const bucket_ms = bucketOf(extent === undefined ? scope.to - scope.from : extent.last + 1 - extent.first)
  const Bucket = z.object({ at: z.coerce.number(), outcomes: z.record(z.string(), z.coerce.number()) })
  const buckets = await store(
    'the decisions by time',
    `SELECT at, CAST((groupArray(outcome), groupArray(decisions)), 'Map(String, UInt64)') AS outcomes FROM (
       SELECT intDiv(toUnixTimestamp64Milli(decided_at), {bucket_ms:Int64}) * {bucket_ms:Int64} AS at,
         toString(outcome) AS outcome, uniqExact(id) AS decisions
       FROM decisions WHERE ${inRange(scope)} GROUP BY at, outcome ORDER BY at, outcome
     ) GROUP BY at ORDER BY at LIMIT 1000`,
    { ...rangeParams(scope), bucket_ms },
    (row) => {
      const { at, outcomes } = Bucket.parse(row)
      const sorted = Object.entries(outcomes).toSorted(([a], [b]) => (a < b ? -1 : 1))
      return { at: new Date(at).toISOString(), outcomes: Object.fromEntries(sorted) }
    },
  )
  return { bucket_ms, buckets }
}

/** When an entity's newest decision was made, ms. */
export async function newestOf(store: Store, tenant: string, entity: Entity): Promise<number | null> {
  const rows = await store(
    'the newest decision',
    `SELECT toUnixTimestamp64Milli(decided_at) AS ms FROM decisions
     WHERE tenant = {tenant:String} AND ${decisionsOf(entity)} ORDER BY decided_at DESC LIMIT 1`,
    { tenant, ...entityParams(entity) },
    (row) => z.object({ ms: z.coerce.number() }).parse(row).ms,
  )
  return rows[0] ?? null
}

/** A condition for the decisions of the accused in the range; its values are `rangeParams`. */
export function inRange({ accused }: CaseScope): string {
  const anyOf = accused.map((entity, n) => `(${decisionsOf(entity, String(n))})`).join(' OR ')
  return `tenant = {tenant:String} AND decided_at >= fromUnixTimestamp64Milli({from:Int64}) AND decided_at < fromUnixTimestamp64Milli({to:Int64}) AND (${anyOf || '0'})`
}

export function rangeParams({ tenant, from, to, accused }: CaseScope): Record<string, unknown> {
  return Object.assign({ tenant, from, to }, ...accused.map((entity, n) => entityParams(entity, String(n))))
}

function compare(a: Pick<Decision, 'decided_at' | 'id'>, b: Pick<Decision, 'decided_at' | 'id'>): number {
  if (a.decided_at !== b.decided_at) return a.decided_at < b.decided_at ? -1 : 1
  return a.id < b.id ? -1 : 1
}

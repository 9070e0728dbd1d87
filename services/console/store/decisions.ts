import { CANARY_TENANT } from '../../../schemas/canary.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { z } from 'zod'
import type { DecisionListQuery } from '../decision-filter.ts'
import { DecisionRow, DecisionSummary, rowColumns, summaryColumns } from '../decision-row.ts'
import type { Store } from './store.ts'

const DEFAULT_SPAN_MS = 7 * 86_400_000
/** Longest range that one question may ask for. */
const MOST_SPAN_MS = 366 * 86_400_000

export interface DecisionList {
  readonly from: string
  readonly to: string
  readonly decisions: readonly DecisionSummary[]
}

/** One decision by its id; the skip index on `id` finds it without a time. */
export async function findDecision(store: Store, id: string): Promise<DecisionRow | null> {
  const rows = await store(
    'the decision',
    `SELECT ${rowColumns.join(', ')} FROM decisions WHERE id = {id:String} ORDER BY ingested_at DESC LIMIT 1`,
    { id },
    (row) => DecisionRow.parse(row),
  )
  return rows[0] ?? null
}

/** How far a finding's time may be from its decisions': late events come up to ten minutes late. */
const SLACK_MS = 600_000

/** The decisions that a finding names, as far as they are stored, newest first. */
export function contributingDecisions(
  store: Store,
  { tenant, decision_ids, first_observed_at, observed_at }: Finding,
): Promise<DecisionRow[]> {
  return store(
    'the decisions behind the finding',
    `SELECT ${rowColumns.join(', ')} FROM decisions
     WHERE tenant = {tenant:String} AND id IN {ids:Array(String)}
       AND decided_at >= fromUnixTimestamp64Milli({from:Int64})
       AND decided_at <= fromUnixTimestamp64Milli({to:Int64})
     ORDER BY decided_at DESC LIMIT 1 BY id LIMIT 20`,
    {
      tenant,
      ids: decision_ids,
      from: Date.parse(first_observed_at) - SLACK_MS,
      to: Date.parse(observed_at) + SLACK_MS,
    },
    (row) => DecisionRow.parse(row),
  )
}

/**
 * Decisions of a time range, newest first. Without a range: the last seven
 * days, or, where nothing was decided in them, the seven days that end with the
 * tenant's newest decision (imported history is old).
 */
export async function listDecisions(
  store: Store,
  query: DecisionListQuery,
  nowMs: number,
): Promise<DecisionList> {
  const asked = query.from !== undefined || query.to !== undefined
  const to = query.to ?? nowMs + 60_000
  const from = Math.max(query.from ?? to - DEFAULT_SPAN_MS, to - MOST_SPAN_MS)
  const found = await select(store, query, from, to)
  if (found.length > 0 || asked) return { from: iso(from), to: iso(to), decisions: found }
  const newest = await newestDecision(store, query.tenant)
  if (newest === null || newest >= from) return { from: iso(from), to: iso(to), decisions: [] }
  const [start, end] = [newest + 1 - DEFAULT_SPAN_MS, newest + 1]
  return { from: iso(start), to: iso(end), decisions: await select(store, query, start, end) }
}

/** When the tenant's newest decision was made, ms, or null when it has none. */
export async function newestDecision(store: Store, tenant: string): Promise<number | null> {
  const rows = await store(
    'the newest decision',
    `SELECT toUnixTimestamp64Milli(decided_at) AS ms FROM decisions WHERE tenant = {tenant:String} ORDER BY decided_at DESC LIMIT 1`,
    { tenant },
    (row) => z.object({ ms: z.coerce.number() }).parse(row).ms,
  )
  return rows[0] ?? null
}

/** Tenants that have decisions, at most a hundred; canaries are nobody's. */
export function listTenants(store: Store): Promise<string[]> {
  return store(
    'the tenants',
    `SELECT DISTINCT tenant FROM decisions WHERE tenant != {canaries:String} LIMIT 100`,
    { canaries: CANARY_TENANT },
    (row) => z.object({ tenant: z.string() }).parse(row).tenant,
  )
}

async function select(
  store: Store,
  query: DecisionListQuery,
  from: number,
  to: number,
): Promise<DecisionSummary[]> {
  const conditions = [
    `tenant = {tenant:String}`,
    `decided_at >= fromUnixTimestamp64Milli({from:Int64})`,
    `decided_at < fromUnixTimestamp64Milli({to:Int64})`,
  ]
  const subject = (name: string) =>
    `(subject_id = {${name}:String} OR concat(subject_type, ':', subject_id) = {${name}:String})`
  const source = (name: string) =>
    `(context_ip = {${name}:String} OR enrichment_source_prefix = {${name}:String})`
  if (query.outcome === 'refused') conditions.push(`outcome NOT IN ('permit', 'error_open')`)
  else if (query.outcome) conditions.push(`outcome = {outcome:String}`)
  if (query.subject) conditions.push(subject('subject'))
  if (query.source) conditions.push(source('source'))
  if (query.q) conditions.push(`(id = {q:String} OR ${subject('q')} OR ${source('q')})`)
  const { q = '', subject: who = '', source: where = '', outcome = '', tenant, limit } = query
  return store(
    'the decisions',
    // A repeated insert may not have been merged yet, so ids are made single here.
    `SELECT ${summaryColumns.join(', ')} FROM decisions WHERE ${conditions.join(' AND ')}
     ORDER BY decided_at DESC LIMIT 1 BY id LIMIT {limit:UInt16}`,
    { tenant, from, to, q, subject: who, source: where, outcome, limit },
    (row) => DecisionSummary.parse(row),
  )
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

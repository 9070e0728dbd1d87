import { z } from 'zod'
import { Tenant } from '../../schemas/bounds.ts'
import type { Entity } from '../../schemas/entity.ts'
import type { ErasedBefore } from '../runtime/erasures/erased-before.ts'
import type { DecisionSummary } from './decision-row.ts'
import { newestDecision } from './store/decisions.ts'
import type { Store } from './store/store.ts'
import {
  countDecisions,
  findingsOfEntity,
  latestDecisions,
  riskHistory,
  verdictsOfEntity,
  type DecisionBucket,
  type Scope,
  type TimelineFinding,
  type TimelineRisk,
  type TimelineVerdict,
} from './store/timeline.ts'

const HOUR_MS = 3_600_000
const MOST_SPAN_MS = 366 * 24 * HOUR_MS
/** Bars of the chart, at most about this many. */
const BUCKETS = 90

const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

export const TimelineQuery = z.object({
  tenant: Tenant.default('default'),
  from: Moment.optional(),
  to: Moment.optional(),
  /** Without `from`: so long before `to`, or before now. */
  span_ms: z.coerce.number().int().min(60_000).max(MOST_SPAN_MS).default(HOUR_MS),
})
export type TimelineQuery = z.infer<typeof TimelineQuery>

/** What is known of one entity over a time range. */
export interface Timeline {
  readonly tenant: string
  readonly entity: Entity
  readonly from: string
  readonly to: string
  /** Oldest first; the first may lie before the range, since it holds until the next. */
  readonly risk: readonly TimelineRisk[]
  readonly findings: readonly TimelineFinding[]
  readonly verdicts: readonly TimelineVerdict[]
  readonly decisions: {
    readonly bucket_ms: number
    readonly buckets: readonly DecisionBucket[]
    readonly latest: readonly DecisionSummary[]
  }
  /** Where there is nothing: up to when it was erased on request, if it was. */
  readonly erased_before: string | null
}

/** Reads everything about one entity; without a range, of a tenant that is history only, up to its newest decision. */
export async function readTimeline(
  { store, erasedBefore }: { readonly store: Store; readonly erasedBefore: ErasedBefore },
  entity: Entity,
  query: TimelineQuery,
  nowMs: number,
): Promise<Timeline> {
  const to = query.to ?? (await endOf(store, query, nowMs))
  const from = Math.max(query.from ?? to - query.span_ms, to - MOST_SPAN_MS)
  const scope: Scope = { tenant: query.tenant, entity, from, to: Math.max(to, from + 1000) }
  const bucket_ms = bucketOf(scope.to - scope.from)
  const [risk, findings, verdicts, buckets, latest] = await Promise.all([
    riskHistory(store, scope),
    findingsOfEntity(store, scope),
    verdictsOfEntity(store, scope),
    countDecisions(store, scope, bucket_ms),
    latestDecisions(store, scope),
  ])
  const none = [risk, findings, verdicts, latest].every(({ length }) => length === 0)
  return {
    tenant: query.tenant,
    entity,
    from: new Date(scope.from).toISOString(),
    to: new Date(scope.to).toISOString(),
    risk,
    findings,
    verdicts,
    decisions: { bucket_ms, buckets, latest },
    erased_before: none ? await erasedBefore(query.tenant, entity) : null,
  }
}

/** The present, unless the tenant's last decision is more than a day old, as after an import. */
async function endOf(store: Store, { tenant, from }: TimelineQuery, nowMs: number): Promise<number> {
  if (from !== undefined || tenant === 'default') return nowMs
  const newest = await newestDecision(store, tenant)
  return newest !== null && newest < nowMs - 24 * HOUR_MS ? newest + 1 : nowMs
}

/** A bar's width that people count in, so that about ninety fill the range. */
export function bucketOf(span_ms: number): number {
  const steps = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 7 * 86_400]
  const step = steps.find((seconds) => span_ms / (seconds * 1000) <= BUCKETS)
  return (step ?? 7 * 86_400) * 1000
}

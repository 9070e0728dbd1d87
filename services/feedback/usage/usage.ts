import { CANARY_TENANT } from '../../../schemas/canary.ts'
import { isNobodys } from '../../../schemas/chain.ts'
import { parseDecision } from '../../../schemas/decision.ts'
import { subjectEntityId } from '../../../schemas/entity.ts'
import { accessDecisions, accessFindings, subjectCensus } from '../../../schemas/topics.ts'
import type { Batch, Consumption, EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import { jsonRecord, parseJson } from '../../runtime/log/json-record.ts'
import { breakGlassUse } from './break-glass.ts'
import type { BreakGlassList } from './break-glass-list.ts'
import type { Census } from './census.ts'

export interface UsageOptions {
  readonly eventLog: EventLog
  readonly census: Census
  readonly breakGlass: BreakGlassList
  readonly failed: (error: unknown) => void
}

/**
 * Reads along the decisions, by key: whose first permit this is (the census of
 * the circuit breaker), and whether a break-glass account is used (a finding).
 * The value is parsed only where the key says that it matters, so that this
 * costs next to nothing a decision.
 */
export function startUsage({ eventLog, census, breakGlass, failed }: UsageOptions): Promise<Consumption> {
  return eventLog.consume({
    group: 'feedback-usage',
    topics: [accessDecisions],
    // Nobody waits for this: larger batches, fewer commits.
    linger_ms: 200,
    min_records: 500,
    max_records: 5000,
    handle: (batch) => usageOf(batch, census, breakGlass),
    failed,
  })
}

/** What a batch of decisions tells about the use of accounts. */
function usageOf(batch: Batch, census: Census, breakGlass: BreakGlassList): OutRecord[] {
  const records = new Map<string, OutRecord>()
  for (const { records: read } of batch.parts) {
    for (const record of read) {
      const [tenant, type, ...rest] = record.key.split('/')
      if (tenant === undefined || tenant === CANARY_TENANT || type !== 'subject') continue
      const subject = rest.join('/')
      const guarded = breakGlass.has(tenant, subject)
      if (!guarded && (census.settled(tenant, subject) || records.has(record.key))) continue
      const parsed = parseJson(record)
      // Scoring puts what can't be read aside; this reader only passes over it.
      const decision = parsed.kind === 'ok' ? parseDecision(parsed.value).data : undefined
      if (!decision || decision.origin !== 'live' || subjectEntityId(decision.subject) !== subject) continue
      // Everybody who was erased would be counted as one more person.
      if (isNobodys(decision)) continue
      if (guarded) {
        const finding = breakGlassUse(decision)
        records.set(finding.id, records.get(finding.id) ?? jsonRecord(accessFindings, finding))
      }
      if (decision.outcome !== 'permit' || census.settled(tenant, subject)) continue
      const known = { schema_version: 1 as const, tenant, subject, first_permitted_at: decision.decided_at }
      records.set(record.key, jsonRecord(subjectCensus, known))
    }
  }
  return [...records.values()]
}

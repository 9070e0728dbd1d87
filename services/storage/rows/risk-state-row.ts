import type { Row } from '../../../schemas/clickhouse/decision-row.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import { ingestedAt, instant, instantOrNull } from './row-of.ts'

/** A risk state as a row of `risk_states`. */
export function riskStateRow(state: RiskState, ingestedMs: number): Row {
  const { entity, causes, ...plain } = state
  return {
    ...plain,
    entity_type: entity.type,
    entity_id: entity.id,
    causes_cause: causes.map(({ cause }) => cause),
    causes_nats: causes.map(({ nats }) => nats),
    causes_at: causes.map(({ at }) => instant('causes_at', at)),
    causes_finding_ids: causes.map(({ finding_ids }) => finding_ids),
    updated_at: instant('updated_at', state.updated_at),
    expires_at: instantOrNull('expires_at', state.expires_at),
    restricted_since: instantOrNull('restricted_since', state.restricted_since),
    revoked_before: instantOrNull('revoked_before', state.revoked_before),
    ingested_at: ingestedAt(ingestedMs),
  }
}

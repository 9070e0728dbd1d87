import type { Row } from '../../../schemas/clickhouse/decision-row.ts'
import type { Verdict } from '../../../schemas/verdict.ts'
import { ingestedAt, instant } from './row-of.ts'

/** A verdict as a row of `verdicts`. */
export function verdictRow(verdict: Verdict, ingestedMs: number): Row {
  const { entity, ...plain } = verdict
  return {
    ...plain,
    entity_type: entity.type,
    entity_id: entity.id,
    decided_at: instant('decided_at', verdict.decided_at),
    ingested_at: ingestedAt(ingestedMs),
  }
}

import type { Finding } from '../../../schemas/finding.ts'
import type { Row } from '../../../schemas/clickhouse/decision-row.ts'
import { ingestedAt, instant, instantOrNull } from './row-of.ts'

/** A finding as a row of `findings`. */
export function findingRow(finding: Finding, ingestedMs: number): Row {
  const { detector, entity, entities, gates, evidence, contributions, ...plain } = finding
  return {
    ...plain,
    detector_id: detector.id,
    detector_version: detector.version,
    entity_type: entity.type,
    entity_id: entity.id,
    entities_type: entities.map(({ type }) => type),
    entities_id: entities.map(({ id }) => id),
    gates_name: gates.map(({ name }) => name),
    gates_factor: gates.map(({ factor }) => factor),
    evidence: JSON.stringify(
      contributions === undefined ? evidence : { ...evidence, ...sharesOf(contributions) },
    ),
    observed_at: instant('observed_at', finding.observed_at),
    first_observed_at: instant('first_observed_at', finding.first_observed_at),
    closed_at: instantOrNull('closed_at', finding.closed_at ?? null),
    ingested_at: ingestedAt(ingestedMs),
  }
}

/** What each detector has said, as figures beside the others. */
function sharesOf(contributions: NonNullable<Finding['contributions']>): Finding['evidence'] {
  return Object.fromEntries(contributions.map(({ detector, share }) => [`share of ${detector}`, share]))
}

import type { Alert } from '../../schemas/alert.ts'
import type { Finding } from '../../schemas/finding.ts'

/** The `detector.id` of findings about numbers that are missing between recorded decisions. */
export const DECISION_GAP = 'decision-gap'
/** The same of stored decisions that are not what was recorded, and of checkpoints that lie or lack. */
export const DECISION_INTEGRITY = 'decision-integrity'

/**
 * The finding about what verify alerts of: one id as long as it stands, and
 * closed when a whole round does not find it any more (the store was restored,
 * late rows came). It is about an enforcement point, and no evidence against a
 * person: `evidence_nats` is 0. Verify itself alerts, so its story pages nobody.
 *
 * ATT&CK T1070, Indicator Removal, for what is missing; T1565.001, Stored Data
 * Manipulation, for what was changed.
 */
export function findingOf({ id, tenant, revision, state, ...alert }: Alert): Finding {
  const detector = alert.detectors[0] ?? DECISION_INTEGRITY
  return {
    schema_version: 1,
    id: `finding-${id}`,
    revision,
    tenant,
    origin: 'live',
    detector: { id: detector, version: 1 },
    cause: 'recording',
    entity: alert.entity ?? { type: 'pep', id: 'unknown' },
    entities: [],
    score: alert.findings_total,
    evidence_nats: 0,
    risk_level: 'HIGH',
    observed_at: alert.updated_at,
    first_observed_at: alert.opened_at,
    ...(state === 'resolved' ? { closed_at: alert.updated_at } : {}),
    decision_ids: [],
    decisions_total: 0,
    technique: detector === DECISION_GAP ? 'T1070' : 'T1565.001',
    evidence: {
      problems: alert.findings_total,
      enforcement_points: alert.entities_total,
      alert: id,
      details: alert.description.slice(0, 512).toWellFormed(),
    },
    gates: [],
    summary:
      state === 'resolved' ? `No longer so: ${alert.summary}`.slice(0, 512).toWellFormed() : alert.summary,
  }
}

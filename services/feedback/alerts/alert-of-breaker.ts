import type { Alert } from '../../../schemas/alert.ts'

/** The alert that tells a person that the circuit breaker withholds restrictions in a tenant; one for each time it opens. */
export function breakerAlert(
  tenant: string,
  limit: number,
  knownSubjects: number,
  decisionId: string | null,
  nowMs: number,
): Alert {
  const now = new Date(nowMs).toISOString()
  return {
    schema_version: 1,
    id: `alert-breaker-${tenant}-${Math.floor(nowMs / 1000)}`,
    tenant,
    revision: 1,
    kind: 'circuit_breaker',
    state: 'firing',
    severity: 'critical',
    summary: `Circuit breaker: automatic restrictions are withheld in tenant ${tenant}`,
    description:
      `${limit} entities of one type were newly restricted within an hour, which is the limit for ` +
      `${knownSubjects} known subjects. Further ones are scored and listed, but not restricted.`,
    advice:
      'Decide whether this is an attack on many or a mistake of a detector. Confirm what is real; raise feedback.circuit_breaker or wait an hour.',
    story_id: null,
    entity: null,
    risk_level: 'HIGH',
    response: 'none',
    causes: [],
    detectors: [],
    findings_total: 0,
    entities_total: limit,
    decision_id: decisionId,
    opened_at: now,
    updated_at: now,
    resolved_at: null,
  }
}

/** The same alert, over. */
export function resolved(alert: Alert, nowMs: number): Alert {
  const now = new Date(nowMs).toISOString()
  return { ...alert, revision: alert.revision + 1, state: 'resolved', updated_at: now, resolved_at: now }
}

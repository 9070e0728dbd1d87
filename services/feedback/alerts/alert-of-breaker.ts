import { firingAlert } from '../../../schemas/alert.ts'
import type { Alert } from '../../../schemas/alert.ts'

/** The alert that tells a person that the circuit breaker withholds restrictions in a tenant; one for each time it opens. */
export function breakerAlert(
  tenant: string,
  limit: number,
  knownSubjects: number,
  decisionId: string | null,
  nowMs: number,
): Alert {
  return firingAlert(
    {
      id: `alert-breaker-${tenant}-${Math.floor(nowMs / 1000)}`,
      tenant,
      kind: 'circuit_breaker',
      severity: 'critical',
      summary: `Circuit breaker: automatic restrictions are withheld in tenant ${tenant}`,
      description:
        `${limit} entities of one type were newly restricted within an hour, which is the limit for ` +
        `${knownSubjects} known subjects. Further ones are scored and listed, but not restricted.`,
      advice:
        'Decide whether this is an attack on many or a mistake of a detector. Confirm what is real; raise feedback.circuit_breaker or wait an hour.',
      risk_level: 'HIGH',
      entities_total: limit,
      decision_id: decisionId,
    },
    new Date(nowMs).toISOString(),
  )
}

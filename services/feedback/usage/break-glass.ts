import { hash } from 'node:crypto'
import type { Decision } from '../../../schemas/decision.ts'
import { subjectEntityId } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'

/** The `detector.id` of findings that say that a break-glass account was used. */
export const BREAK_GLASS_DETECTOR = 'break-glass-use'

/** Uses within this much event time are one use: a person who works clicks more than once. */
const USE_MS = 15 * 60_000

/**
 * The finding that a break-glass account was used. It adds nothing to risk
 * (`evidence_nats` 0), since such an account is never restricted; it is HIGH,
 * so that its story pages. One a subject and quarter of an hour; its id follows
 * from these, so that a repeat is the same finding.
 *
 * ATT&CK T1078, valid accounts: what an intruder would use it as.
 */
export function breakGlassUse(decision: Decision): Finding {
  const subject = subjectEntityId(decision.subject)
  const useStart = Math.floor(Date.parse(decision.decided_at) / USE_MS) * USE_MS
  const name = `${BREAK_GLASS_DETECTOR}\n1\n${decision.tenant}\n${subject}\n${useStart}`
  const { session_id } = decision.subject
  return {
    schema_version: 1,
    id: `f-${hash('sha256', name, 'hex').slice(0, 32)}`,
    revision: 1,
    tenant: decision.tenant,
    origin: decision.origin,
    detector: { id: BREAK_GLASS_DETECTOR, version: 1 },
    cause: 'credential',
    entity: { type: 'subject', id: subject },
    entities: session_id === undefined ? [] : [{ type: 'session', id: session_id }],
    score: 1,
    evidence_nats: 0,
    risk_level: 'HIGH',
    observed_at: decision.decided_at,
    first_observed_at: decision.decided_at,
    decision_ids: [decision.id],
    decisions_total: 1,
    technique: 'T1078',
    evidence: {
      outcome: decision.outcome,
      resource: decision.resource.id.slice(0, 512),
      source_ip: decision.context?.ip ?? null,
    },
    gates: [],
    summary: `Break-glass account ${subject} was used`,
  }
}

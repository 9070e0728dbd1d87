import { z } from 'zod'
import { Count, Id, Instant, Name, RiskLevel, Tenant } from './bounds.ts'
import { Entity } from './entity.ts'
import { Cause } from './reasons.ts'

/** What a person is paged for: a story, the circuit breaker of the ledger, the use of a break-glass account, records that were tampered with, a gateway's spool that fills, a partition whose detector state can't be read, or a live source that fell silent. */
const AlertKind = z.enum(['story', 'circuit_breaker', 'break_glass', 'integrity', 'spool', 'state', 'source'])

/**
 * What the receivers should know by now: one alert a story. It is a state, not
 * a history: a receiver that was away gets the newest revision. Compacted by
 * alert; removed some time after it is resolved and delivered.
 */
export const Alert = z.strictObject({
  schema_version: z.literal(1),
  id: Id,
  tenant: Tenant,
  /** Rises with every change that receivers must hear of. `<id>-<revision>` names a delivery, whatever is retried. */
  revision: z.int().min(1),
  kind: AlertKind,
  state: z.enum(['firing', 'resolved']),
  severity: z.enum(['critical', 'warning', 'info']),
  summary: z.string().min(1).max(512),
  description: z.string().max(2000),
  /** What a person should do first. */
  advice: z.string().max(512),
  story_id: Id.nullable(),
  /** Who it is about, first of all. */
  entity: Entity.nullable(),
  risk_level: RiskLevel,
  /** What the gateway was told to do, at its strongest. */
  response: z.enum(['none', 'raise_risk', 'revoke']),
  causes: z.array(Cause).max(8),
  detectors: z.array(z.string().max(64)).max(16),
  findings_total: Count,
  entities_total: Count,
  decision_id: Id.nullable(),
  opened_at: Instant,
  updated_at: Instant,
  resolved_at: Instant.nullable(),
})
export type Alert = z.infer<typeof Alert>

type Told = 'id' | 'tenant' | 'kind' | 'severity' | 'summary' | 'description' | 'advice' | 'risk_level'

/**
 * An alert about no story: a part of Gatewatch itself is in trouble. It fires from `at` on, revision 1,
 * names nobody and tells gateways nothing, as far as `told` does not say otherwise.
 */
export function firingAlert(told: Pick<Alert, Told> & Partial<Alert>, at: string): Alert {
  return {
    schema_version: 1,
    revision: 1,
    state: 'firing',
    story_id: null,
    entity: null,
    response: 'none',
    causes: [],
    detectors: [],
    findings_total: 0,
    entities_total: 0,
    decision_id: null,
    opened_at: at,
    updated_at: at,
    resolved_at: null,
    ...told,
  }
}

/** The next revision of the alert: what it told of is over since `at`. */
export function resolvedAlert(alert: Alert, at: string): Alert {
  return { ...alert, revision: alert.revision + 1, state: 'resolved', updated_at: at, resolved_at: at }
}

/**
 * How far one receiver has come with one alert, so that a restart goes on with
 * the same retries. Compacted by alert and receiver.
 */
export const AlertDelivery = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  alert_id: Id,
  /** The configured name of the receiver with a hash of its address: a new address is a new receiver. */
  receiver: Name,
  /** Highest revision that the receiver took; 0: none yet. */
  delivered_revision: Count,
  /** The revision that is being tried, and how often it failed. */
  revision: Count,
  attempts: Count,
  next_attempt_at: Instant.nullable(),
  outcome: z.enum(['delivered', 'retrying', 'given_up', 'disabled']),
  updated_at: Instant,
})
export type AlertDelivery = z.infer<typeof AlertDelivery>

import { z } from 'zod'
import { Count, Id, Instant, Origin, RiskLevel, Tenant } from './bounds.ts'
import { Entity } from './entity.ts'
import { Cause } from './reasons.ts'

/** What one finding (or verdict) adds to a cause, not yet decayed: `nats` at the event time `at`. */
export const Contribution = z.strictObject({ finding_id: Id, nats: z.number().min(0), at: Instant })
export type Contribution = z.infer<typeof Contribution>

/** Evidence of one cause: dampened, capped, and decayed to `at`. */
export const CauseEvidence = z.strictObject({
  cause: Cause,
  nats: z.number().min(0),
  at: Instant,
  finding_ids: z.array(Id).max(20),
  /** What `nats` was worked out from; the ledger goes on from these after a restart. */
  contributions: z.array(Contribution).max(20).optional(),
})
export type CauseEvidence = z.infer<typeof CauseEvidence>

/**
 * How risky an entity is, and, in one case only, what must happen (`revoke`).
 * The policy says what risk means for a resource. Compacted by entity: the
 * newest record is the state, and it holds all that the ledger needs to go on.
 */
export const RiskState = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  entity: Entity,
  origin: Origin,
  /**
   * Rises by one with every record of the entity; a reader that has seen a higher one ignores this.
   * It begins at the wall clock in seconds, so that it goes on rising when a forgotten entity comes back.
   */
  revision: Count,
  /** 0 to 100, high is bad: 100 × sigmoid(log-odds). */
  score: z.number().min(0).max(100),
  level: RiskLevel,
  required_action: z.enum(['none', 'revoke']),
  causes: z.array(CauseEvidence).max(8),
  /** Findings that no longer count: judged safe, or spent by a restriction that reached its cap. The newest 50. */
  cleared_finding_ids: z.array(Id).max(50).optional(),
  /** Story and finding that a restriction rests on; a restriction without one does not exist. */
  story_ids: z.array(Id).max(8),
  updated_at: Instant,
  /** When the restriction ends unless its cause goes on. Null while the level is LOW. */
  expires_at: Instant.nullable(),
  /** Since when the entity has been restricted without a pause. */
  restricted_since: Instant.nullable(),
  /** Sessions authenticated before this instant are revoked, while required_action is revoke. */
  revoked_before: Instant.nullable(),
  /** Why a restriction was not imposed though the score asked for it. */
  withheld: z.enum(['circuit_breaker', 'break_glass', 'import']).nullable(),
  /** The decision whose finding made this record, for measuring the loop. */
  decision_id: Id.nullable(),
})
export type RiskState = z.infer<typeof RiskState>

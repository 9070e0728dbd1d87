import { z } from 'zod'
import { Count, Id, Instant, Origin, RiskLevel, Tenant } from './bounds.ts'
import { Entity } from './entity.ts'
import { Cause } from './reasons.ts'

/** One figure or fact behind a score: a name a person can read, and its value. */
export const Evidence = z.record(
  z.string().max(64),
  z.union([z.string().max(512), z.number(), z.boolean(), z.null()]),
)
export type Evidence = z.infer<typeof Evidence>

/**
 * A detector's statement about an entity. One id while the same happening goes
 * on: `revision` rises with every update, and the latest revision replaces the
 * ones before it. Maps onto OCSF Detection Finding (2004): create, update.
 */
export const Finding = z.strictObject({
  schema_version: z.literal(1),
  /** Hash of detector, version, tenant, entity and the decision that opened it: written twice, it is the same finding. */
  id: Id,
  revision: z.int().min(1),
  tenant: Tenant,
  origin: Origin,
  detector: z.strictObject({ id: z.string().regex(/^[a-z0-9-]{1,64}$/), version: z.int().min(1) }),
  cause: Cause,
  entity: Entity,
  /** Others that the finding touches (the subjects of a spray, the session of a stolen token); the first 50. */
  entities: z.array(Entity).max(50),
  /** How strange, in the detector's own scale, at its highest so far. */
  score: z.number(),
  /** The score as evidence for compromise in nats, 0 to 6: what the risk ledger adds. */
  evidence_nats: z.number().min(0).max(6),
  /** What this evidence alone amounts to. */
  risk_level: RiskLevel,
  /** Event time of the decision that made this revision. */
  observed_at: Instant,
  /** Event time of the decision that opened the finding. */
  first_observed_at: Instant,
  /** Event time at which what it tells was over, where its detector can know; this is its last revision then. */
  closed_at: Instant.optional(),
  /** The decisions that contributed, newest last, the last 20; none where what lacks is decisions. */
  decision_ids: z.array(Id).max(20),
  decisions_total: Count,
  /** ATT&CK technique, for example T1110.003. */
  technique: z.string().regex(/^T\d{4}(\.\d{3})?$/),
  evidence: Evidence,
  /**
   * Where the evidence of several detectors was added up: what each has said,
   * the most telling first. `detector`, `cause` and `evidence` are those of the
   * decision that said most.
   */
  contributions: z
    .array(
      z.strictObject({
        detector: z.string().regex(/^[a-z0-9-]{1,64}$/),
        /** Absent where the detector spoke before the finding was opened, and not since. */
        cause: Cause.optional(),
        technique: z.string().regex(/^T\d{4}(\.\d{3})?$/),
        /** Evidence in nats: -ln of how rare its scores are, less where they are far below what it declares. */
        nats: z.number().min(0).max(32),
        /** Of the evidence of all. */
        share: z.number().min(0).max(1),
      }),
    )
    .max(16)
    .optional(),
  /** Gates that made the score smaller, by name, with their factor; stored, so that a suppression can be questioned. */
  gates: z.array(z.strictObject({ name: z.string().max(64), factor: z.number().min(0) })).max(8),
  /** One sentence that a person understands without the figures. */
  summary: z.string().min(1).max(512),
})
export type Finding = z.infer<typeof Finding>

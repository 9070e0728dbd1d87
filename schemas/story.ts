import { z } from 'zod'
import { Count, Id, Instant, Origin, RiskLevel, Tenant } from './bounds.ts'
import { Entity, EntityType } from './entity.ts'
import { Cause } from './reasons.ts'
import { VerdictKind } from './verdict.ts'

/**
 * Who or what acts in a story.
 *
 * - `accused`: a finding is about it.
 * - `shared`: a source that a finding is about, and from which many sign in rightly.
 * - `gave_way`: a subject whose account an accused source got into.
 * - `used`: a session or device of the accused; a source from which a password was guessed.
 */
export const StoryActor = z.strictObject({
  type: EntityType,
  id: z.string().min(1).max(300),
  role: z.enum(['accused', 'shared', 'gave_way', 'used']),
  /** Event time at which it was last seen to act. */
  observed_at: Instant,
})
export type StoryActor = z.infer<typeof StoryActor>

/**
 * Findings of one or several entities that belong to one happening: what is
 * queued, judged, paged and closed. Compacted by story.
 */
export const Story = z.strictObject({
  schema_version: z.literal(1),
  id: Id,
  tenant: Tenant,
  origin: Origin,
  revision: Count,
  state: z.enum(['open', 'closed', 'merged']),
  /** The story that this one became part of, when `state` is `merged`. */
  merged_into: Id.nullable(),
  /** One line for a queue or a page. */
  title: z.string().min(1).max(512),
  risk_level: RiskLevel,
  causes: z.array(Cause).max(8),
  detectors: z.array(z.string().max(64)).max(16),
  /** ATT&CK techniques of its findings. */
  techniques: z.array(z.string().max(16)).max(16).optional(),
  /** The finding that gave the title. */
  headline_finding_id: Id.optional(),
  entities: z.array(Entity).max(100),
  entities_total: Count,
  /** Those of its entities whose risk it raised; the others were only touched (the accounts that a spray tried). */
  suspects: z.array(Entity).max(100).optional(),
  /** By whom or what another finding may join; every entity that is not here was only touched. */
  actors: z.array(StoryActor).max(100).optional(),
  finding_ids: z.array(Id).min(1).max(100),
  findings_total: Count,
  /** Those of its findings whose detector says that they are over; the story is, when all are. */
  closed_finding_ids: z.array(Id).max(100).optional(),
  /** What the gateway was told to do, at its strongest. */
  response: z.enum(['none', 'raise_risk', 'revoke']),
  opened_at: Instant,
  observed_at: Instant,
  closed_at: Instant.nullable(),
  owner: z.string().max(256).nullable(),
  verdict: VerdictKind.nullable(),
})
export type Story = z.infer<typeof Story>

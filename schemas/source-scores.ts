import { z } from 'zod'
import { Instant, Tenant } from './bounds.ts'
import { Entity } from './entity.ts'
import { Scores } from './scored-decision.ts'

/**
 * How strange a network, a network's operator, a client or a device has been at most on the day in hand (UTC), by
 * detector: what the role `calibration` reads of the stage of sources. One record when the entity is first seen on
 * a day, and one whenever a score has risen; zeros are left out.
 */
export const SourceScores = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  entity: Entity,
  /** Event time of the decision that brought it so far. */
  decided_at: Instant,
  scores: Scores,
})
export type SourceScores = z.infer<typeof SourceScores>

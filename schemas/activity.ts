import { z } from 'zod'
import { Id, Instant, Origin, Sensitivity, Tenant } from './bounds.ts'
import { Outcome } from './decision.ts'
import { Entity } from './entity.ts'
import { Reason } from './reasons.ts'
import { NetworkKind } from './scored-decision.ts'

/** What only the state of a subject tells of a decision. */
const SubjectHabits = z.strictObject({
  /** The network is one that the subject uses; absent while too little is known of it. */
  familiar: z.boolean().optional(),
  /** Other devices that the subject used on several days. */
  own_devices: z.int().min(0).max(64),
  /** Other devices that the subject used on one day only. */
  passing_devices: z.int().min(0).max(64),
  /** Proved within the hour with a key that can't be phished; absent where it was not. */
  proved_with_a_key: z.literal(true).optional(),
})

/**
 * The slim projection of a decision for detectors that are not keyed by
 * subject. One record for each entity that a later stage is keyed by.
 */
export const Activity = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  origin: Origin,
  entity: Entity,
  decision_id: Id,
  decided_at: Instant,
  outcome: Outcome,
  caused_by: z.enum(['risk_feedback']).optional(),
  reasons: z.array(Reason).max(8),
  /** `<type>:<id>`, the subject as an entity. */
  subject: z.string().max(300),
  session_id: z.string().max(256).optional(),
  action: z.string().max(256),
  resource_type: z.string().max(256),
  resource_id: z.string().max(1024),
  app: z.string().max(256),
  sensitivity: Sensitivity,
  ip: z.string().max(64),
  asn: z.int().min(0),
  country: z.string().max(2),
  network_kind: NetworkKind,
  user_agent_family: z.string().max(64),
  /** What is known of the subject itself; not for its network, which is told of every decision. */
  habits: SubjectHabits.optional(),
})
export type Activity = z.infer<typeof Activity>

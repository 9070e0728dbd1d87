import { z } from 'zod'
import { Id, Instant, Name, Origin, Tenant } from './bounds.ts'
import { Outcome } from './decision.ts'
import { Entity } from './entity.ts'
import { Reason } from './reasons.ts'

/** A policy revision as the state of a subject remembers it: 32 bits of its hash. */
const ShortRevision = z.string().regex(/^[0-9a-f]{8}$/)

/**
 * What a policy revision did to one person who is established at one place: who
 * was let in there on several days. Written where it says something new of that
 * person, place and revision, and so a few times for each of them; a decision
 * that goes on as before writes none.
 *
 * - `kept`: the revision lets the person in who was let in before it.
 * - `blocked`: the revision refuses the person who was let in before it.
 * - `blocked_again`: it refuses once more whom another one has let in between.
 * - `let_in`: a person who was blocked gets in.
 * - `refused`: the policy refuses a person whom the same revision let in: what
 *   happens anyway, and is no doing of the revision.
 */
export const PolicyEffect = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  origin: Origin,
  /** `policy_rule`, by `<application> <route>`, or the application alone: stays the same from revision to revision. */
  entity: Entity,
  decision_id: Id,
  decided_at: Instant,
  /** `<type>:<id>`, the subject as an entity. */
  subject: z.string().max(300),
  kind: z.enum(['kept', 'blocked', 'blocked_again', 'let_in', 'refused']),
  /** The revision that decided. */
  revision: Name,
  /** The revision that let the person in before. */
  before: ShortRevision.optional(),
  /** The revision whose block ends for this person, who is let in, or refused by a later one. */
  releases: ShortRevision.optional(),
  /** It is the first that this revision says of the person here. */
  first: z.boolean(),
  rule_id: Name.optional(),
  route_id: Name.optional(),
  app: z.string().max(256),
  reason: Reason.optional(),
  /** What the revision before would have said, where the enforcement point asked it. */
  shadow: z.strictObject({ revision: Name, outcome: Outcome }).optional(),
})
export type PolicyEffect = z.infer<typeof PolicyEffect>

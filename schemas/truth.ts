import { z } from 'zod'
import { Id, Instant, Tenant } from './bounds.ts'
import { Entity } from './entity.ts'

/** A class of happenings or of difficulty; it stands in tables. */
const Label = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, {
  error: 'must be 1 to 40 characters of a-z 0-9 _, beginning with a letter',
})

/**
 * What really happened: one line of `truth.jsonl`, beside the decisions that
 * `gatewatch evaluate` is given.
 *
 * An `attack` is what has to be found. A finding finds it when it is about
 * `entity` or one of `also`, was opened at or after `started_at`, and rests on
 * one of `decision_ids`. An `ordinary` happening is harmless and looks strange
 * (a business trip, a policy rolled out wrongly): it names what false findings
 * were about, and changes no figure.
 */
export const Truth = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('attack'),
    id: Id,
    tenant: Tenant.default('default'),
    scenario: Label,
    difficulty: Label,
    entity: Entity,
    /** Others about which a finding is right as well: the thief's network, the session that was stolen. */
    also: z.array(Entity).max(10_000).default([]),
    started_at: Instant,
    ended_at: Instant,
    /** Every decision that the attacker caused, in the order of time. */
    decision_ids: z.array(Id).min(1).max(100_000),
  }),
  z.strictObject({
    kind: z.literal('ordinary'),
    id: Id,
    tenant: Tenant.default('default'),
    scenario: Label,
    /** Null: it concerns everybody. */
    entity: Entity.nullable(),
    started_at: Instant,
    ended_at: Instant,
  }),
])
export type Truth = z.infer<typeof Truth>

export type Attack = Extract<Truth, { kind: 'attack' }>
export type Ordinary = Extract<Truth, { kind: 'ordinary' }>

import { z } from 'zod'
import { Count, Id, Instant, Name, Tenant } from './bounds.ts'
import { Calibration } from './calibration.ts'
import { RuleSetVersion } from './rule-match.ts'

/** Versioned facts that workers read beside their input; compacted by tenant and `name`. */
export const Control = z.discriminatedUnion('kind', [
  z.strictObject({
    schema_version: z.literal(1),
    kind: z.literal('heartbeat'),
    tenant: Tenant,
    /** `pep/<pep id>`: the compaction key within the tenant. */
    name: Name,
    at: Instant,
    pep_id: Id,
    boot_id: Id,
    /** Highest sequence number that is durable in the log. */
    seq: z.int().min(-1),
    policy_revision: Name,
    risk_age_ms: Count,
    /** The last beat of one that ends in order: its silence is no signal. */
    stopping: z.boolean().optional(),
  }),
  z.strictObject({
    schema_version: z.literal(1),
    kind: z.literal('verification'),
    tenant: Tenant,
    name: Name,
    at: Instant,
    /** Every decision before this instant (event time) is proven, declared lost or among `problems`; null: none yet. */
    verified_to: Instant.nullable(),
    /** How far the round over all that is stored has come; null: a new round begins. */
    sweep_to: Instant.nullable(),
    /** Problems that stand. */
    problems: Count,
    /** What could not be decided the last time. */
    undecided: Count,
  }),
  z.strictObject({
    schema_version: z.literal(1),
    kind: z.literal('calibration'),
    tenant: Tenant,
    /** `calibration/<version>`. */
    name: Name,
    at: Instant,
    calibration: Calibration,
  }),
  z.strictObject({
    schema_version: z.literal(1),
    kind: z.literal('adoption'),
    tenant: Tenant,
    /** `adoption/<stage>/<partition>/<version>`. */
    name: Name,
    at: Instant,
    stage: Name,
    partition: Count,
    /** The calibration that the partition's decisions are held against, from this offset of the stage's input on. */
    version: z.int().min(1),
    offset: Count,
  }),
  z.strictObject({
    schema_version: z.literal(1),
    kind: z.literal('rule_set'),
    tenant: Tenant,
    /** `rule-set/<partition>/<offset>`. */
    name: Name,
    at: Instant,
    partition: Count,
    /** The rules that the partition's scored decisions are held against, from this offset on. */
    version: RuleSetVersion,
    offset: Count,
  }),
  z.strictObject({
    schema_version: z.literal(1),
    kind: z.literal('snapshots'),
    tenant: Tenant,
    /** `snapshots/<stage>/<partition>`. */
    name: Name,
    /** Of the newest. */
    at: Instant,
    stage: Name,
    partition: Count,
    /** All changes of the state before this offset of its changelog are written. */
    state_offset: Count,
    /** The slot of time up to which the base holds everything; null: there is no base yet. */
    base_slot: Count.nullable(),
    /** Snapshots, the oldest first: after which offset of the stage's input, and when the log took the last change in it. */
    marks: z.array(z.strictObject({ slot: Count, at: Instant, offset: Count })).max(300),
  }),
  z.strictObject({
    schema_version: z.literal(1),
    kind: z.literal('source'),
    tenant: Tenant,
    /** `source/<name>`. */
    name: Name,
    at: Instant,
    /** How the live source is read: `file`, `syslog`, `http`, … */
    way: Name,
    format: Name,
    /** How far behind the source its decisions in the log are. */
    lag_ms: Count,
    last_record_at: Instant.nullable(),
    /** Nothing has come for longer than it may. */
    silent: z.boolean(),
  }),
])
export type Control = z.infer<typeof Control>

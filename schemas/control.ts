import { z } from 'zod'
import { Count, Id, Instant, Name, Tenant } from './bounds.ts'

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
  }),
  z.strictObject({
    schema_version: z.literal(1),
    kind: z.literal('thresholds'),
    tenant: Tenant,
    name: Name,
    at: Instant,
    version: Count,
    /** Raw scores from which a detector's finding is MEDIUM and HIGH. */
    thresholds: z.record(z.string().max(64), z.strictObject({ medium: z.number(), high: z.number() })),
  }),
])
export type Control = z.infer<typeof Control>

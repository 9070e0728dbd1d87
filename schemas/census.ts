import { z } from 'zod'
import { Instant, Tenant } from './bounds.ts'

/** A subject that was let in at least once: whom the circuit breaker counts as known. Compacted by subject. */
export const KnownSubject = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  /** `<type>:<id>`, the subject as an entity. */
  subject: z.string().min(1).max(300),
  first_permitted_at: Instant,
})
export type KnownSubject = z.infer<typeof KnownSubject>

/** The ledger's clock as a record: what time alone changes (an expiry, a quiet story) is written like everything else. */
export const Tick = z.strictObject({ schema_version: z.literal(1), at: Instant })
export type Tick = z.infer<typeof Tick>

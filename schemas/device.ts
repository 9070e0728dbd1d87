import { z } from 'zod'
import { Id, Instant, Name, Tenant, TrustTier } from './bounds.ts'

/** What the inventory knows of a device. The trust inferer sets `tier`; a record that stops being refreshed is worth less. */
export const Device = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  id: Id,
  managed: z.boolean(),
  os: Name,
  posture: z.enum(['compliant', 'not_compliant', 'unknown']),
  tier: TrustTier,
  owner: z.string().max(256).nullable(),
  /** SHA-256 thumbprint of the client certificate or key that proves the device. */
  key_thumbprint: z.string().max(128).nullable(),
  updated_at: Instant,
})
export type Device = z.infer<typeof Device>

import { z } from 'zod'
import { Instant, Tenant } from './bounds.ts'

/**
 * A session that was signed out before it ended by itself: its cookie still
 * opens, and no gateway may take it. Compacted by session, and removed some time
 * after `expires_at`, when nobody takes the cookie anyway.
 */
export const Logout = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  session_id: z.string().min(16).max(64),
  logged_out_at: Instant,
  /** When the session would have ended by itself. */
  expires_at: Instant,
})
export type Logout = z.infer<typeof Logout>

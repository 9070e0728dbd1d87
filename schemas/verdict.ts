import { z } from 'zod'
import { Id, Instant, Name, Tenant } from './bounds.ts'
import { Entity } from './entity.ts'

/** Entra ID Protection's verbs: revoke at once; reverse the effect and teach the baseline; only close. */
export const VerdictKind = z.enum(['confirm_compromised', 'confirm_safe', 'dismiss'])
export type VerdictKind = z.infer<typeof VerdictKind>

/** An analyst's verdict, as it acts on one entity of a story. */
export const Verdict = z.strictObject({
  schema_version: z.literal(1),
  id: Id,
  tenant: Tenant,
  verdict: VerdictKind,
  entity: Entity,
  story_id: Id.nullable(),
  finding_ids: z.array(Id).max(100),
  /** Who judged: the name of the token or account used. */
  analyst: Name,
  note: z.string().max(2000),
  decided_at: Instant,
})
export type Verdict = z.infer<typeof Verdict>

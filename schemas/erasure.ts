import { createHmac, hash } from 'node:crypto'
import { z } from 'zod'
import { Count, Id, Instant, Name, Tenant } from './bounds.ts'
import { entityKey, type Entity } from './entity.ts'

/** 128 bits of HMAC-SHA256 over an entity's key: whoever lacks the key can't try names against it. */
const EntityMark = z.string().regex(/^[0-9a-f]{32}$/)

/** What speaks against an erasure: whoever does it nevertheless (`--force`) is on record with it. */
export const Objection = z.enum(['nobody_known', 'story_open', 'restricted', 'spool_not_empty'])
export type Objection = z.infer<typeof Objection>

/**
 * That a person was erased: who asked, when, whom (not by name) and how much
 * went. Kept for ever, since it is what keeps a late copy, a replay or a backup
 * from bringing the person back. Compacted by erasure.
 */
export const Erasure = z.strictObject({
  schema_version: z.literal(1),
  id: Id,
  tenant: Tenant,
  /** Names the key under which `entities` were made: the first 16 hexadecimal digits of its SHA-256. */
  key_id: z.string().regex(/^[0-9a-f]{16}$/),
  /** The subject first, then sessions, devices and addresses that nobody else has used. */
  entities: z.array(EntityMark).min(1).max(20_000),
  requested_at: Instant,
  /** Who had it done: the name of an account or token, or of the request's file. */
  requested_by: Name,
  /** What spoke against it and was overruled with `--force`; empty where nothing did. */
  overruled: z.array(Objection).max(8).default([]),
  /** What happened up to here is erased, however late it comes; what the person does afterwards is new. */
  before: Instant,
  state: z.enum(['begun', 'done']),
  done_at: Instant.nullable(),
  /** Records and rows changed or removed, by topic and table. */
  counts: z.record(z.string().max(128), Count),
  /** What a log that can't be rewritten (Kafka) still had of the person when it was done, and until when its topics keep that. */
  remaining: z
    .array(z.strictObject({ topic: z.string().max(256), records: Count, until: Instant }))
    .max(100)
    .default([]),
})
export type Erasure = z.infer<typeof Erasure>

/** How erased entities are known again without their names. */
export function entityMark(secret: string, tenant: string, entity: Entity): string {
  return createHmac('sha256', secret).update(entityKey(tenant, entity)).digest('hex').slice(0, 32)
}

export function erasureKeyId(secret: string): string {
  return hash('sha256', `gatewatch-erasure-key\n${secret}`, 'hex').slice(0, 16)
}

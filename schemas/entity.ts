import { z } from 'zod'

/** What state and risk belong to. `source` is a network prefix: /24 of an IPv4 address, /56 of an IPv6 one. */
export const EntityType = z.enum(['subject', 'session', 'device', 'source', 'resource', 'policy_rule', 'pep'])
export type EntityType = z.infer<typeof EntityType>

/** An entity; its `id` for a subject is `<type>:<id>` (`user:alice`), for a source a prefix in CIDR form. */
export const Entity = z.strictObject({ type: EntityType, id: z.string().min(1).max(300) })
export type Entity = z.infer<typeof Entity>

/** The key of an entity on every topic that is keyed by entity: `<tenant>/<entity type>/<entity id>`. */
export function entityKey(tenant: string, entity: Entity): string {
  return `${tenant}/${entity.type}/${entity.id}`
}

/** The id of a subject as an entity. Type and id together name a subject: a user and a service may share an id. */
export function subjectEntityId(subject: { readonly type: string; readonly id: string }): string {
  return `${subject.type}:${subject.id}`
}

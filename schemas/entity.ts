import { z } from 'zod'

/**
 * What state and risk belong to. `source` is a network prefix: /24 of an IPv4
 * address, /56 of an IPv6 one. `asn` is the autonomous system around it, by its
 * number. `client` is a build of client software: its TLS fingerprint, or
 * `agent:<family>/<major version>/<system>` where there is none.
 */
export const EntityType = z.enum([
  'subject',
  'session',
  'device',
  'source',
  'asn',
  'client',
  'resource',
  'policy_rule',
  'pep',
])
export type EntityType = z.infer<typeof EntityType>

/** An entity; its `id` for a subject is `<type>:<id>` (`user:alice`), for a source a prefix in CIDR form. */
export const Entity = z.strictObject({ type: EntityType, id: z.string().min(1).max(300) })
export type Entity = z.infer<typeof Entity>

/** Whether many who have nothing to do with each other may come from one entity of the type. */
export function isVantage(type: EntityType): boolean {
  return type === 'source' || type === 'asn' || type === 'client'
}

/** The key of an entity on every topic that is keyed by entity: `<tenant>/<entity type>/<entity id>`. */
export function entityKey(tenant: string, entity: Entity): string {
  return `${tenant}/${entity.type}/${entity.id}`
}

/** The id of a subject as an entity. Type and id together name a subject: a user and a service may share an id. */
export function subjectEntityId(subject: { readonly type: string; readonly id: string }): string {
  return `${subject.type}:${subject.id}`
}

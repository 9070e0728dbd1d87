import type { Entity } from '../../../schemas/entity.ts'

/** Which decisions belong to an entity, by its type; `n` tells the parameters of several apart. */
const columns: Readonly<Record<Entity['type'], (n: string) => string>> = {
  subject: (n) => `subject_id = {name${n}:String} AND subject_type = {kind${n}:String}`,
  session: (n) => `subject_session_id = {id${n}:String}`,
  device: (n) => `device_id = {id${n}:String}`,
  source: (n) => `enrichment_source_prefix = {id${n}:String}`,
  asn: (n) => `toString(enrichment_source_asn) = {id${n}:String}`,
  client: (n) =>
    `if(context_tls_fingerprint != '', context_tls_fingerprint, concat('agent:', enrichment_user_agent_family, '/', enrichment_user_agent_major, '/', enrichment_user_agent_os)) = {id${n}:String}`,
  resource: (n) => `concat(resource_type, ':', resource_id) = {id${n}:String}`,
  policy_rule: (n) => `policy_rule_id = {id${n}:String}`,
  pep: (n) => `pep_id = {id${n}:String}`,
}

/** A condition that picks an entity's decisions; its values are `entityParams`. */
export function decisionsOf({ type }: Entity, n = ''): string {
  return columns[type](n)
}

/** A subject's entity id is `<type>:<id>`; the store keeps the two apart. */
export function entityParams({ type, id }: Entity, n = ''): Record<string, string> {
  const colon = id.indexOf(':')
  return {
    [`type${n}`]: type,
    [`id${n}`]: id,
    [`kind${n}`]: id.slice(0, Math.max(0, colon)),
    [`name${n}`]: id.slice(colon + 1),
  }
}

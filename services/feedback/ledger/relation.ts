import { type Entity, type EntityType, entityKey } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'

type Shares = Readonly<Partial<Record<EntityType, number>>>

/**
 * How much of a finding's evidence concerns the other entities that it names.
 *
 * - The session of a suspicious decision is the thing that acted, so it takes
 *   all. A person outlives the session and a device may be shared, so they
 *   take less.
 * - A `source` that sprays fifty accounts says nothing against the fifty: they
 *   are its targets, and restricting them would let an outsider lock people
 *   out. Its own finding therefore gives nobody a share. Where one of the
 *   attempts succeeded, the detector says so in a finding about that subject.
 * - Resources, rules and enforcement points are where it happened, not who.
 */
const SHARES: Readonly<Partial<Record<EntityType, Shares>>> = {
  subject: { session: 1, device: 0.5, source: 0.5 },
  session: { subject: 0.8, device: 0.5, source: 0.5 },
  device: { session: 0.8, subject: 0.5, source: 0.3 },
}

export interface Affected {
  readonly entity: Entity
  readonly share: number
}

/** The entities whose risk a finding changes, its own first, each once. */
export function affectedBy(finding: Finding): Affected[] {
  const shares = SHARES[finding.entity.type] ?? {}
  const affected = [{ entity: finding.entity, share: 1 }]
  const seen = new Set([entityKey('', finding.entity)])
  for (const entity of finding.entities) {
    const share = shares[entity.type]
    const key = entityKey('', entity)
    if (share === undefined || seen.has(key)) continue
    seen.add(key)
    affected.push({ entity, share })
  }
  return affected
}

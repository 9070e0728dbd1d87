import { type Entity, type EntityType, entityKey, isVantage } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Cause } from '../../../schemas/reasons.ts'

type Shares = Readonly<Partial<Record<EntityType, number>>>

/**
 * How much of a finding's evidence concerns the other entities that it names.
 *
 * - The session of a suspicious decision is the thing that acted, so it takes
 *   all. A person outlives the session and a device may be shared, so they
 *   take less.
 * - A `source` that sprays fifty accounts says nothing against the fifty: they
 *   are its targets, and restricting them would let an outsider lock people
 *   out. Its finding gives them no share. The account that gave way, which the
 *   detector names in `gave_way_subject`, is another matter.
 * - A network takes a share only of what speaks of where somebody came from or
 *   of a guessed password, and only when the finding names no other: what a
 *   person does too often or for the first time says nothing against the office
 *   around them, and of two networks one may be the owner's. Otherwise a few
 *   such findings would shut a whole office out.
 * - Resources, rules and enforcement points are where it happened, not who.
 */
const SHARES: Readonly<Partial<Record<EntityType, Shares>>> = {
  subject: { session: 1, device: 0.5, source: 0.5 },
  session: { subject: 0.8, device: 0.5, source: 0.5 },
  device: { session: 0.8, subject: 0.5, source: 0.3 },
}

const ABOUT_THE_SOURCE: readonly Cause[] = ['location', 'device', 'credential']

/** The account that a spray got into: whoever guessed the password holds it now. */
const GAVE_WAY_SHARE = 0.8

export interface Affected {
  readonly entity: Entity
  readonly share: number
}

/** The account that somebody got into from where a finding is about, as its detector names it. */
export function gaveWayOf({ entity, evidence }: Finding): Entity | undefined {
  const subject = evidence['gave_way_subject']
  if (!isVantage(entity.type) || typeof subject !== 'string' || subject === '') return undefined
  return { type: 'subject', id: subject.slice(0, 300) }
}

/** The entities whose risk a finding changes, its own first, each once. */
export function affectedBy(finding: Finding): Affected[] {
  const shares = SHARES[finding.entity.type] ?? {}
  const affected: Affected[] = [{ entity: finding.entity, share: 1 }]
  const seen = new Set([entityKey('', finding.entity)])
  const gaveWay = gaveWayOf(finding)
  if (gaveWay) affected.push({ entity: gaveWay, share: GAVE_WAY_SHARE })
  const sources = finding.entities.filter(({ type }) => type === 'source').length
  const blamesSource = sources === 1 && ABOUT_THE_SOURCE.includes(finding.cause)
  for (const entity of finding.entities) {
    if (entity.type === 'source' && !blamesSource) continue
    const share = shares[entity.type]
    const key = entityKey('', entity)
    if (share === undefined || seen.has(key)) continue
    seen.add(key)
    affected.push({ entity, share })
  }
  return affected
}

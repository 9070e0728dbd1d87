import { type Entity, entityKey, isVantage } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { StoryActor } from '../../../schemas/story.ts'
import { gaveWayOf } from '../ledger/relation.ts'

const MAX_ACTORS = 100

/** ATT&CK brute force and its kinds: whoever does it is at the source. */
const GUESSING = 'T1110'

/** From this share of successful sign-ins on, a source that fails is also where people work (as `spray` counts). */
const SHARED_FROM = 0.1

/**
 * Who or what acts in a finding: its own entity; the sessions and devices of an
 * accused subject; the account that a source got into; the source from which a
 * password was guessed.
 *
 * Nobody else it names. The accounts that a spray tried are its targets. An
 * address that a person's finding lists may be an office with a hundred
 * innocent people, or that of a spray which touched this person among fifty.
 * Whom a policy refuses wrongly is hit, and does nothing.
 */
export function actorsOf(finding: Finding): StoryActor[] {
  const { entity, evidence, observed_at } = finding
  const actors: StoryActor[] = []
  const add = (of: Entity, role: StoryActor['role']): void => {
    // Nobody is the same as an anonymous subject.
    if (of.type === 'subject' && of.id.startsWith('anonymous:')) return
    if (actors.some((actor) => isSame(actor, of))) return
    actors.push({ type: of.type, id: of.id, role, observed_at })
  }
  const share = evidence['success_share']
  const shared = isVantage(entity.type) && typeof share === 'number' && share >= SHARED_FROM
  add(entity, shared ? 'shared' : 'accused')
  if (isVantage(entity.type)) {
    const gaveWay = gaveWayOf(finding)
    if (gaveWay) add(gaveWay, 'gave_way')
    return actors
  }
  if (isNobody(entity)) {
    // Whoever it names was hit. A revision of a policy acts in all that it does.
    for (const named of finding.entities) if (isNobody(named)) add(named, 'accused')
    return actors
  }
  const guessed = finding.technique.startsWith(GUESSING) && evidence['success_source_known'] !== true
  for (const named of finding.entities) {
    if (named.type === 'session' || named.type === 'device') add(named, 'used')
    else if (named.type === 'subject') add(named, 'accused')
    else if (named.type === 'source' && guessed) add(named, 'used')
  }
  return actors
}

/** What is no person, device or network: nobody is suspected in what it does. */
function isNobody({ type }: Entity): boolean {
  return type === 'policy_rule' || type === 'pep'
}

const RANK = { accused: 3, shared: 2, gave_way: 1, used: 0 } as const

/** Both lists as one: of an entity in both its heavier role and the later time. Bounded; who was there first stays. */
export function joinedActors(first: readonly StoryActor[], second: readonly StoryActor[]): StoryActor[] {
  const all = new Map(first.map((actor) => [entityKey('', actor), actor]))
  for (const actor of second) {
    const key = entityKey('', actor)
    const known = all.get(key)
    if (!known && all.size >= MAX_ACTORS) continue
    all.set(key, {
      ...actor,
      role: known && RANK[known.role] > RANK[actor.role] ? known.role : actor.role,
      observed_at: known && known.observed_at > actor.observed_at ? known.observed_at : actor.observed_at,
    })
  }
  return [...all.values()]
}

export function isSame(a: Entity, b: Entity): boolean {
  return a.type === b.type && a.id === b.id
}

/** The network, provider or client that a story is about, if it is about one. */
export function sourceOf(actors: readonly StoryActor[]): StoryActor | undefined {
  return actors.find(({ type, role }) => isVantage(type) && (role === 'accused' || role === 'shared'))
}

import { isVantage, type Entity } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Story, StoryActor } from '../../../schemas/story.ts'
import { actorsOf, isSame, sourceOf } from './actors.ts'

export interface StoryLimits {
  readonly join_gap_ms: number
  readonly quiet_ms: number
  readonly max_age_ms: number
}

/**
 * How firmly a finding belongs to a story, the firmest last: to an account that
 * a source got into, to the same person, session or device, to the same acting
 * source, or as a later revision of one of its findings.
 */
const STRENGTH = { none: 0, gave_way: 1, same_actor: 2, same_source: 3, known: 4 } as const
type Strength = (typeof STRENGTH)[keyof typeof STRENGTH]

/** Entities that a finding names, its own first. */
export function entitiesOf(finding: Finding): readonly Entity[] {
  return [finding.entity, ...finding.entities]
}

export interface Chosen {
  /** The story that takes the finding; undefined: it begins one. */
  readonly joins: Story | undefined
  /** Stories that the finding shows to be the same happening, the oldest first. */
  readonly merges: readonly Story[]
}

/**
 * Which of the open stories takes a finding: the one that it belongs to most
 * firmly, of several the oldest. The others become part of it, unless that
 * would put two accused networks into one story: two sprays that meet in one
 * victim are two attackers until a person says otherwise, and so a story
 * cannot grow from victim to victim until it holds everything.
 */
export function chooseStory(stories: readonly Story[], finding: Finding, limits: StoryLimits): Chosen {
  const actors = actorsOf(finding)
  const found = stories
    .map((story) => ({ story, strength: strengthOf(story, finding, actors, limits) }))
    .filter(({ strength }) => strength > STRENGTH.none)
    .sort((a, b) => b.strength - a.strength || (a.story.opened_at < b.story.opened_at ? -1 : 1))
  const [best, ...others] = found
  if (!best) return { joins: undefined, merges: [] }
  const merges: Story[] = []
  let source = sourceIn(best.story) ?? sourceOf(actors)
  for (const { story } of others) {
    const its = sourceIn(story)
    if (source && its && !isSame(source, its)) continue
    if (!isVantage(finding.entity.type) && !mayMerge(best.story, story)) continue
    source ??= its
    merges.push(story)
  }
  return { joins: best.story, merges }
}

/** A person's story that began before a network's is another matter, though both meet in the person. */
function mayMerge(a: Story, b: Story): boolean {
  if (sourceIn(a) && !sourceIn(b)) return b.opened_at >= a.opened_at
  if (sourceIn(b) && !sourceIn(a)) return a.opened_at >= b.opened_at
  return true
}

function sourceIn(story: Story): StoryActor | undefined {
  return sourceOf(story.actors ?? [])
}

function strengthOf(
  story: Story,
  finding: Finding,
  actors: readonly StoryActor[],
  limits: StoryLimits,
): Strength {
  if (story.state !== 'open' || story.tenant !== finding.tenant || story.origin !== finding.origin)
    return STRENGTH.none
  if (story.finding_ids.includes(finding.id)) return STRENGTH.known
  const fromMs = Date.parse(finding.first_observed_at)
  const openedMs = Date.parse(story.opened_at)
  if (Date.parse(finding.observed_at) < openedMs - limits.join_gap_ms) return STRENGTH.none
  if (fromMs > openedMs + limits.max_age_ms) return STRENGTH.none
  const its = story.actors ?? []
  const source = sourceIn(story)
  const own = sourceOf(actors)
  if (source && own && !isSame(source, own)) return STRENGTH.none
  let strength: Strength = STRENGTH.none
  for (const known of its) {
    // Each actor's own time counts: that a story goes on elsewhere says nothing of who was in it this morning.
    if (fromMs > Date.parse(known.observed_at) + limits.join_gap_ms) continue
    const actor = actors.find((other) => isSame(other, known))
    if (!actor) continue
    const link = linkOf(known, actor, story, finding)
    if (link > strength) strength = link
  }
  return strength
}

/** What it means that a story and a finding have one actor in common. */
function linkOf(known: StoryActor, actor: StoryActor, story: Story, finding: Finding): Strength {
  const roles = [known.role, actor.role]
  if (isVantage(known.type)) {
    // One side must accuse it by itself; a guess joins it unless it is where many people work.
    if (!roles.includes('accused') && !roles.includes('shared')) return STRENGTH.none
    if (roles.includes('shared') && roles.includes('used')) return STRENGTH.none
    return STRENGTH.same_source
  }
  if (known.role === 'gave_way' && actor.role !== 'gave_way') {
    // What the person's account did before the network came is another matter.
    if (finding.observed_at < story.opened_at) return STRENGTH.none
    return cameFrom(finding, sourceIn(story)) ? STRENGTH.same_source : STRENGTH.gave_way
  }
  if (actor.role === 'gave_way' && known.role !== 'gave_way')
    return story.opened_at < finding.first_observed_at ? STRENGTH.none : STRENGTH.gave_way
  // A device may be shared by many, a session is one person's.
  if (known.type === 'device' && !roles.includes('accused')) return STRENGTH.none
  return STRENGTH.same_actor
}

function cameFrom(finding: Finding, source: StoryActor | undefined): boolean {
  return source !== undefined && finding.entities.some((entity) => isSame(entity, source))
}

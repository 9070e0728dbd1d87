import { type Entity, entityKey } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Story } from '../../../schemas/story.ts'

export interface StoryLimits {
  readonly join_gap_ms: number
  readonly quiet_ms: number
  readonly max_age_ms: number
}

/** Techniques by which one source reaches many accounts (ATT&CK T1110, brute force): there the source is who acts. */
const GUESSING = 'T1110'

/** Entities that a finding can share with a story, its own first. */
export function entitiesOf(finding: Finding): readonly Entity[] {
  return [finding.entity, ...finding.entities]
}

/**
 * Whether a finding is part of an open story: the same happening already, or
 * close in time and about the same person, session or device. A shared source
 * address joins only where the source is what acts (it is accused itself, or
 * guesses passwords, or uses the same technique): colleagues share an office's
 * address, and their troubles are no one story. Nobody is the same as an
 * anonymous subject.
 */
export function belongsTo(story: Story, finding: Finding, limits: StoryLimits): boolean {
  if (story.state !== 'open' || story.tenant !== finding.tenant || story.origin !== finding.origin)
    return false
  if (story.finding_ids.includes(finding.id)) return true
  const openedMs = Date.parse(story.opened_at)
  const fromMs = Date.parse(finding.first_observed_at)
  const toMs = Date.parse(finding.observed_at)
  if (fromMs > Date.parse(story.observed_at) + limits.join_gap_ms) return false
  if (toMs < openedMs - limits.join_gap_ms || fromMs > openedMs + limits.max_age_ms) return false
  const members = new Set(story.entities.map((entity) => entityKey('', entity)))
  return entitiesOf(finding).some((entity) => {
    if (!members.has(entityKey('', entity))) return false
    return joins(entity) || (entity.type === 'source' && sourceActs(story, finding, entity))
  })
}

/** Whether sharing this entity is enough. */
function joins(entity: Entity): boolean {
  if (entity.type === 'subject') return !entity.id.startsWith('anonymous:')
  return entity.type === 'session' || entity.type === 'device'
}

function sourceActs(story: Story, finding: Finding, source: Entity): boolean {
  if (finding.entity.type === 'source' && finding.entity.id === source.id) return true
  const techniques = story.techniques ?? []
  return techniques.some((t) => t.startsWith(GUESSING)) || techniques.includes(finding.technique)
}

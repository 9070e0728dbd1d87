import { randomUUID } from 'node:crypto'
import type { Entity } from '../../schemas/entity.ts'
import type { Story } from '../../schemas/story.ts'
import type { Verdict, VerdictKind } from '../../schemas/verdict.ts'

export interface Judgement {
  readonly verdict: VerdictKind
  readonly note: string
  /** Who judged: the name of the token or account used. */
  readonly analyst: string
  readonly decided_at: string
}

/**
 * A verdict on a story, as one record for each entity that it acts on.
 * `confirm_safe` and `dismiss` concern everybody in the story.
 * `confirm_compromised` concerns the suspects alone: the fifty accounts that a
 * spray merely tried are in the story too, and must not be revoked with it.
 */
export function verdictsOnStory(story: Story, judgement: Judgement): Verdict[] {
  const suspects = story.suspects ?? []
  const first = story.entities.slice(0, 1)
  const compromised = suspects.length > 0 ? suspects : first
  const entities = judgement.verdict === 'confirm_compromised' ? compromised : story.entities
  return entities.map((entity) => ({
    ...verdictOn(story.tenant, entity, judgement),
    story_id: story.id,
    finding_ids: story.finding_ids,
  }))
}

/** A verdict on one entity, whatever its stories. */
export function verdictOn(tenant: string, entity: Entity, judgement: Judgement): Verdict {
  return {
    schema_version: 1,
    id: `v-${randomUUID()}`,
    tenant,
    ...judgement,
    entity,
    story_id: null,
    finding_ids: [],
  }
}

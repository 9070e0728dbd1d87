import type { Entity } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import type { Story } from '../../../schemas/story.ts'
import { observe } from '../ledger/observe.ts'
import { affectedBy } from '../ledger/relation.ts'
import { closeByEnd } from '../stories/close.ts'
import { withEffect } from '../stories/effect.ts'
import { entitiesOf } from '../stories/match.ts'
import { absorb, merge, openStory } from '../stories/tell.ts'
import type { Turn } from './turn.ts'

/** A finding's way through the ledger: into a story, onto the risk of whom it concerns, and back into the story. */
export function takeFinding(turn: Turn, finding: Finding): void {
  turn.book.noteHistory(finding)
  const told = storyOf(turn, finding)
  const { parameters } = turn.rules
  const subjects = subjectsOf(finding)
  const touched: RiskState[] = []
  for (const { entity, share } of affectedBy(finding)) {
    const before = turn.state(finding.tenant, entity, finding.origin)
    const withhold = turn.withhold(whomItHits(entity, subjects), true)
    const occasion = { now_ms: turn.now_ms, parameters, withhold }
    const after = observe(before, finding, share, told.id, occasion)
    turn.put(before, after)
    if (after.causes.length > 0) touched.push(after)
  }
  if (told.story === null) return
  const affected = withEffect(told.story, touched, parameters)
  const story = finding.closed_at === undefined ? affected : closeByEnd(affected, finding.closed_at)
  if (story !== told.before) turn.tell(story)
}

interface Told {
  readonly id: string
  /** The story with this finding in it; null when a person has already judged the happening. */
  readonly story: Story | null
  readonly before: Story | null
}

function storyOf(turn: Turn, finding: Finding): Told {
  const { joins, merges } = turn.book.storiesFor(finding, turn.rules.stories)
  if (joins === undefined) {
    const known = turn.book.storyKeyOf(finding)
    const closed = known === undefined ? undefined : turn.story(known)
    // A happening that was called safe or dismissed goes on: it is not told again. One that only fell quiet is.
    if (closed && (closed.verdict === 'confirm_safe' || closed.verdict === 'dismiss'))
      return { id: closed.id, story: null, before: null }
    // That something is over which nobody is told of any more is no news.
    if (finding.closed_at !== undefined) return { id: closed?.id ?? finding.id, story: null, before: null }
    const story = openStory(finding)
    return { id: story.id, story, before: null }
  }
  let story = absorb(joins, finding)
  for (const other of merges) {
    const [merged, gone] = merge(story, other)
    story = merged
    turn.tell(gone)
  }
  return { id: story.id, story, before: joins }
}

function subjectsOf(finding: Finding): string[] {
  return entitiesOf(finding)
    .filter((entity) => entity.type === 'subject')
    .map((entity) => entity.id)
}

/** A subject is itself; a session or device stands for the subjects that the finding names with it. */
function whomItHits(entity: Entity, subjects: readonly string[]): readonly string[] {
  if (entity.type === 'subject') return [entity.id]
  return entity.type === 'session' || entity.type === 'device' ? subjects : []
}

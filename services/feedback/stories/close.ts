import type { Story } from '../../../schemas/story.ts'
import type { Verdict } from '../../../schemas/verdict.ts'

/** Closes a story that was judged; judged again, the later word stands. The same word twice changes nothing. */
export function closeByVerdict(story: Story, verdict: Verdict): Story {
  if (story.state === 'merged' || (story.state === 'closed' && story.verdict === verdict.verdict))
    return story
  return {
    ...story,
    revision: story.revision + 1,
    state: 'closed',
    closed_at: story.closed_at ?? verdict.decided_at,
    owner: verdict.analyst,
    verdict: verdict.verdict,
  }
}

/** Whether each of its findings has been said to be over. */
export function isOver({ finding_ids, findings_total, closed_finding_ids = [] }: Story): boolean {
  return findings_total === finding_ids.length && finding_ids.every((id) => closed_finding_ids.includes(id))
}

/** Closes a story whose findings are all over, at the event time at which the last one was. */
export function closeByEnd(story: Story, closedAt: string): Story {
  return story.state === 'open' && isOver(story)
    ? { ...story, revision: story.revision + 1, state: 'closed', closed_at: closedAt }
    : story
}

/** Closes a story in which nothing happened for `quietMs`; `nowMs` is the tenant's time (event time for history). */
export function closeByQuiet(story: Story, nowMs: number, quietMs: number): Story {
  const quietAt = Date.parse(story.observed_at) + quietMs
  if (story.state !== 'open' || quietAt > nowMs) return story
  return {
    ...story,
    revision: story.revision + 1,
    state: 'closed',
    closed_at: new Date(quietAt).toISOString(),
  }
}

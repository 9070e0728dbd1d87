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

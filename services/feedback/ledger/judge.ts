import type { RiskState } from '../../../schemas/risk.ts'
import type { Verdict } from '../../../schemas/verdict.ts'
import { VERDICT_NATS, withContribution, without } from './evidence.ts'
import { type Occasion, settle } from './settle.ts'

const MAX_CLEARED = 50

/**
 * A verdict's effect on one entity.
 *
 * - `confirm_safe` takes the judged findings' evidence away and remembers them,
 *   so that a later revision of the same happening does not bring it back. A
 *   verdict on the entity itself, or on the only story that its risk rests on,
 *   takes everything.
 * - `confirm_compromised` revokes from now on. The circuit breaker does not
 *   apply: a person decided.
 * - `dismiss` closes the story and leaves risk alone.
 */
export function judge(before: RiskState, verdict: Verdict, occasion: Omit<Occasion, 'fresh'>): RiskState {
  if (verdict.verdict === 'dismiss') return before
  if (verdict.verdict === 'confirm_safe') return judgedSafe(before, verdict, occasion)
  return judgedCompromised(before, verdict, occasion)
}

function judgedCompromised(
  before: RiskState,
  verdict: Verdict,
  occasion: Omit<Occasion, 'fresh'>,
): RiskState {
  if (before.causes.some((c) => c.finding_ids.includes(verdict.id))) return before
  const { now_ms, parameters } = occasion
  const causes = withContribution(
    before.causes,
    'verdict',
    { finding_id: verdict.id, nats: VERDICT_NATS, at: new Date(now_ms).toISOString() },
    now_ms,
    parameters.half_life_ms[before.entity.type],
  )
  const story_ids =
    verdict.story_id === null || before.story_ids.includes(verdict.story_id)
      ? before.story_ids
      : [...before.story_ids, verdict.story_id].slice(-8)
  return settle({ ...before, story_ids, decision_id: null }, causes, { ...occasion, fresh: 'verdict' })
}

function judgedSafe(before: RiskState, verdict: Verdict, occasion: Omit<Occasion, 'fresh'>): RiskState {
  const everything = verdict.story_id === null || before.story_ids.every((id) => id === verdict.story_id)
  const judged = new Set(verdict.finding_ids)
  if (everything) for (const cause of before.causes) for (const id of cause.finding_ids) judged.add(id)
  for (const cause of before.causes)
    if (cause.cause === 'verdict') for (const id of cause.finding_ids) judged.add(id)
  const cleared = before.cleared_finding_ids ?? []
  const newly = [...judged].filter((id) => !cleared.includes(id))
  if (newly.length === 0) return before
  return settle(
    {
      ...before,
      level: everything ? 'LOW' : before.level,
      story_ids: before.story_ids.filter((id) => id !== verdict.story_id),
      decision_id: null,
      cleared_finding_ids: [...cleared, ...newly].slice(-MAX_CLEARED),
    },
    without(before.causes, judged),
    { ...occasion, fresh: null },
  )
}

import type { Verdict } from '../../../schemas/verdict.ts'
import { judge } from '../ledger/judge.ts'
import { closeByVerdict } from '../stories/close.ts'
import type { Turn } from './turn.ts'

/**
 * A verdict's way through the ledger: onto the risk of the entity that it
 * names, and onto the story, which it closes. A tenant of imported history
 * takes verdicts too; `withhold` keeps them from restricting anybody.
 */
export function takeVerdict(turn: Turn, verdict: Verdict): void {
  const { tenant, entity } = verdict
  const story = verdict.story_id === null ? undefined : turn.story(`${tenant}/${verdict.story_id}`)
  const before = turn.state(tenant, entity, story?.origin ?? 'live')
  const subjects = entity.type === 'subject' ? [entity.id] : []
  const withhold = turn.withhold(subjects, false)
  const after = judge(before, verdict, {
    now_ms: turn.now_ms,
    parameters: turn.rules.parameters,
    // A session or device that was spared for a break-glass account's sake stays spared.
    withhold: (state) => (state.withheld === 'break_glass' ? 'break_glass' : withhold(state)),
  })
  turn.put(before, after)
  if (!story) return
  const closed = closeByVerdict(story, verdict)
  if (closed === story) return
  turn.tell(
    after.required_action === 'revoke' && verdict.verdict === 'confirm_compromised'
      ? { ...closed, response: 'revoke' }
      : closed,
  )
}

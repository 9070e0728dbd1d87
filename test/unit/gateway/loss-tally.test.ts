import { expect, it } from 'vitest'
import { parseDecision } from '../../../schemas/decision.ts'
import { lossOf } from '../../../schemas/loss.ts'
import type { Loss } from '../../../schemas/loss.ts'
import { lossTally } from '../../../services/gateway/record/loss-tally.ts'
import type { DecisionDraft } from '../../../services/gateway/record/decision-draft.ts'

const AT = '2026-01-01T00:00:00.000Z'

/** The loss that a reader finds in the decision. */
function read(draft: DecisionDraft | null): Loss | null {
  if (draft === null) return null
  const decision = parseDecision({ schema_version: 1, id: 'x', ...draft })
  return decision.success ? lossOf(decision.data) : null
}

it('says at once that a full spool forces a loss, and afterwards how much it was', () => {
  let now = Date.parse(AT)
  const tally = lossTally('gateway', () => now)
  expect(read(tally.count('spool_full', false))).toMatchObject({ state: 'began', refused: 1, from: AT })
  expect(tally.count('spool_full', true)).toBeNull()
  expect(tally.count('log_failing', false)).toBeNull()
  now += 5000
  const over = tally.end()
  expect(over?.outcome).toBe('error_open')
  expect(read(over)).toEqual({
    state: 'ended',
    cause: 'spool_full',
    refused: 2,
    served: 1,
    from: AT,
    to: '2026-01-01T00:00:05.000Z',
    missing: [],
  })
  expect(tally.end()).toBeNull()
})

it('waits for the end where a moment in memory was too short, and names numbers that can not be read', () => {
  const tally = lossTally('gateway', () => Date.parse(AT))
  expect(tally.count('queue_full', false)).toBeNull()
  expect(tally.end()?.outcome).toBe('error_closed')
  const missing = [{ boot_id: 'b', first_seq: 3, last_seq: 4 }]
  expect(read(tally.corrupt(missing))).toMatchObject({ cause: 'spool_corrupt', missing })
})

it('takes no other decision for a loss', () => {
  const decision = parseDecision({
    schema_version: 1,
    id: 'x',
    decided_at: AT,
    outcome: 'permit',
    subject: { type: 'user', id: 'mallory' },
    action: { name: 'read' },
    resource: { type: 'event_log', id: 'x' },
    unmapped: { loss: { state: 'ended' } },
  })
  expect(decision.success && lossOf(decision.data)).toBeNull()
})

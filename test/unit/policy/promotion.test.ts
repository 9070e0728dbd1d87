import { expect, it } from 'vitest'
import { Decision } from '../../../schemas/decision.ts'
import { promotionReport } from '../../../services/policy/promotion.ts'

function decision(id: string, minute: number, over: Record<string, unknown> = {}): Decision {
  return Decision.parse({
    schema_version: 1,
    id: `d-${id}-${minute}`,
    decided_at: `2026-01-31T09:${String(minute).padStart(2, '0')}:00.000Z`,
    outcome: 'permit',
    subject: { type: 'user', id },
    action: { name: 'GET' },
    resource: { type: 'http', id: '/' },
    policy: { route_id: 'wiki' },
    ...over,
  })
}

it('counts whom enforcing would have touched, and leaves the bystander out', () => {
  const report = promotionReport('wiki')
  for (let minute = 0; minute < 5; minute += 1) report.add(decision('alice', minute))
  report.add(decision('bob', 1, { would_be: 'step_up' }))
  report.add(decision('mallory', 3, { would_be: 'deny' }))
  report.add(decision('mallory', 2, { would_be: 'step_up' }))
  report.add(decision('carol', 2, { would_be: 'deny', policy: { route_id: 'other' } }))
  expect(report.result()).toEqual({
    route_id: 'wiki',
    decisions: 8,
    subjects: 3,
    changed: { step_up: 2, deny: 1 },
    touched_subjects: 2,
    touched: [
      {
        subject: 'user:mallory',
        step_up: 1,
        deny: 1,
        first_at: '2026-01-31T09:02:00.000Z',
        last_at: '2026-01-31T09:03:00.000Z',
        decision_id: 'd-mallory-3',
      },
      {
        subject: 'user:bob',
        step_up: 1,
        deny: 0,
        first_at: '2026-01-31T09:01:00.000Z',
        last_at: '2026-01-31T09:01:00.000Z',
        decision_id: 'd-bob-1',
      },
    ],
  })
  expect(report.result(1).touched).toHaveLength(1)
})

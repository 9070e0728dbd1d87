import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../../../schemas/decision.ts'
import { DecisionFilter, passes } from '../../../services/console/decision-filter.ts'
import { toSummary } from '../../../services/console/decision-row.ts'
import { sample } from '../../../services/console/sample.ts'
import { sampleScored } from '../../support/events/samples.ts'

const summary = (id: string, decision: Partial<Decision> = {}) =>
  toSummary(sampleScored({ id, decided_at: '2026-01-31T09:30:00.000Z', ...decision }))

describe('sample', () => {
  const mixed = fc
    .array(fc.constantFrom('permit' as const, 'deny' as const, 'step_up' as const), { maxLength: 300 })
    .map((outcomes) => outcomes.map((outcome, i) => summary(`d-${i}`, { outcome })))

  it('keeps order and bound, shows everything that fits, and leaves no refusal out for a permit', () => {
    fc.assert(
      fc.property(mixed, fc.integer({ min: 1, max: 100 }), (decisions, most) => {
        const shown = sample(decisions, most)
        expect(shown.length).toBe(Math.min(most, decisions.length))
        expect(decisions.filter((one) => shown.includes(one))).toEqual(shown)
        const refused = decisions.filter(({ outcome }) => outcome !== 'permit').length
        expect(shown.filter(({ outcome }) => outcome !== 'permit').length).toBe(Math.min(refused, most))
      }),
    )
  })
})

describe('a filter', () => {
  const filter = (query: object) => DecisionFilter.parse(query)
  const decision = summary('d-77', { outcome: 'deny' })

  it.each([
    [{}, true],
    [{ tenant: 'import' }, false],
    [{ outcome: 'refused' }, true],
    [{ outcome: 'permit' }, false],
    [{ subject: 'alice' }, true],
    [{ subject: 'user:alice' }, true],
    [{ subject: 'ali' }, false],
    [{ source: '192.0.2.10' }, true],
    [{ source: '192.0.2.0/24' }, true],
    [{ q: 'd-77' }, true],
    [{ q: '192.0.2.10' }, true],
    [{ q: 'mallory' }, false],
  ])('%j passes: %s', (query, expected) => {
    expect(passes(filter(query), decision)).toBe(expected)
  })
})

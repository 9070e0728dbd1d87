import { describe, expect, it } from 'vitest'
import { erased } from '../../../schemas/chain.ts'
import { Reason } from '../../../schemas/reasons.ts'
import type { Decision } from '../../../schemas/decision.ts'
import { toRow } from '../../../services/console/decision-row.ts'
import { explain, type Circumstances } from '../../../services/console/explanation.ts'
import { explanationText } from '../../../services/console/explanation-text.ts'
import { sampleFinding, sampleScored, sampleStory } from '../../support/events/samples.ts'

const AT = '2026-01-31T09:30:00.000Z'
const nothing: Circumstances = {
  findings: [],
  risk_findings: [],
  stories: [],
  risk: [],
  policy: null,
  missing: [],
}
const row = (decision: Partial<Decision> = {}) =>
  toRow(sampleScored({ id: 'd-1', decided_at: AT, ...decision }))

describe('explain', () => {
  it('answers "why was I refused?" with who, what, why and what would help', () => {
    const decision = row({
      outcome: 'step_up',
      caused_by: 'risk_feedback',
      reasons: ['risk_medium', 'step_up_required'],
      risk_at_decision: { score: 61.2, level: 'MEDIUM', revision: 4, age_ms: 30 },
    })
    const explanation = explain(decision, {
      ...nothing,
      findings: [sampleFinding({ id: 'f-1', observed_at: AT })],
      stories: [sampleStory({ id: 'story-1', observed_at: AT })],
    })
    expect(explanation.headline).toBe(
      'alice was asked for a stronger sign-in before GET /records/1 on records',
    )
    expect(explanation.why).toEqual([
      'Something unusual had been found, so the risk was MEDIUM.',
      'A stronger sign-in was required.',
      'It was decided by the rule staff of route records.',
      'Risk was MEDIUM then, 61 of 100.',
      'Found with it: Refused about 12 times within minutes; usual is 1.',
    ])
    expect(explanation.help[0]).toMatch(/passkey or security key/)
    expect(explanation.help[1]).toMatch(
      /an analyst confirms the story "alice was refused unusually often" as safe/,
    )
  })

  it('says of an erased person that there was one, and nothing more', () => {
    const { decision, ...scored } = sampleScored({ id: 'd-1', decided_at: AT, outcome: 'deny' })
    const gone = toRow({ ...scored, decision: erased(decision) })
    const { headline, why } = explain(gone, nothing)
    expect(headline).toBe('Somebody who was erased was refused read /records/1 on records')
    expect(why[0]).toMatch(/^The person was erased at their request/)
    // somebody whose name is that word is not erased
    expect(explain(row({ subject: { type: 'user', id: 'erased' } }), nothing).headline).toMatch(
      /^erased was let/,
    )
  })

  it('names what had raised the risk, though it was found in other decisions', () => {
    const decision = row({ outcome: 'deny', caused_by: 'risk_feedback', reasons: ['risk_high'] })
    const before = sampleFinding({ id: 'f-0', observed_at: AT, summary: 'Seen in two countries at once.' })
    expect(explain(decision, { ...nothing, risk_findings: [before] }).why).toContain(
      'What had raised the risk: Seen in two countries at once.',
    )
  })

  it('has a sentence of its own for every reason of the closed list', () => {
    const sentences = Reason.options.map((reason) => explain(row({ reasons: [reason] }), nothing).why[0])
    expect(new Set(sentences).size).toBe(Reason.options.length)
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/)
  })

  it('offers help for every outcome that is no permit and none for a permit', () => {
    expect(explain(row({ outcome: 'permit' }), nothing).help).toEqual([])
    for (const reason of [
      'policy_deny',
      'device_unknown',
      'not_authenticated',
      'log_unreachable',
      'no_route',
    ] as const) {
      expect(explain(row({ outcome: 'deny', reasons: [reason] }), nothing).help).not.toEqual([])
    }
  })

  it('says when a restriction ends, and when the risk is gone by now', () => {
    const decision = row({ outcome: 'deny', caused_by: 'risk_feedback', reasons: ['risk_high'] })
    const state = {
      tenant: 'default',
      entity: { type: 'subject', id: 'user:alice' } as const,
      revision: 3,
      score: 82,
      level: 'HIGH' as const,
      required_action: 'none' as const,
      expires_at: '2026-01-31T10:30:00.000Z',
      withheld: null,
      finding_ids: [],
    }
    expect(explain(decision, { ...nothing, risk: [state] }).help.join(' ')).toContain(
      'ends at 2026-01-31 10:30:00 UTC',
    )
    const calm = { ...state, level: 'LOW' as const, expires_at: null }
    expect(explain(decision, { ...nothing, risk: [calm] }).help.join(' ')).toContain('the risk is LOW again')
  })

  it('says what enforcing would have done where a route observes', () => {
    const explanation = explain(row({ would_be: 'step_up', policy: { enforcement: 'observe' } }), nothing)
    expect(explanation.why.join(' ')).toContain('Had it enforced risk, the outcome would have been step up.')
  })

  it('names a reason of a newer version as it is', () => {
    expect(explain({ ...row(), reasons: ['from_the_future'] }, nothing).why[0]).toBe(
      'Reason: from_the_future.',
    )
  })

  it('a terminal is sent no character that it would obey', () => {
    const decision = row({ subject: { type: 'user', id: '\u001b[2Jmallory\r\n\u202eevil' }, outcome: 'deny' })
    const text = explanationText(explain(decision, nothing))
    expect(text).toContain('mallory')
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })
})

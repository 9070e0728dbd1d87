import { describe, expect, it } from 'vitest'
import { Alert } from '../../../../schemas/alert.ts'
import { RiskState } from '../../../../schemas/risk.ts'
import { alertsOutbox, riskState } from '../../../../schemas/topics.ts'
import { finding, instant, MORNING_MS, subject } from '../../../support/scoring/findings.ts'
import { Desk } from '../../../support/feedback/ledger-desk.ts'

const MINUTE = 60_000

/** A revision of a policy refuses alice and bob at one of its routes. */
function refusal(route: string, changes: Parameters<typeof finding>[0] = {}) {
  return finding({
    id: `f-${route}`,
    detector: { id: 'policy-intent', version: 1 },
    cause: 'policy',
    technique: 'T1531',
    entity: { type: 'policy_rule', id: `crm ${route}` },
    entities: [{ type: 'policy_rule', id: 'revision b1' }, subject('alice'), subject('bob')],
    evidence_nats: 0,
    summary: `Policy revision b1 refuses 14 of 15 people who used crm ${route}`,
    ...changes,
  })
}

describe('a finding about a policy, which only hits people', () => {
  it('raises the risk of none of them, nor of the policy, and names nobody as suspect', () => {
    const desk = new Desk()
    const outputs = desk.take(refusal('deals'))
    expect(
      outputs
        .filter(({ topic }) => topic === riskState)
        .map(({ value }) => RiskState.parse(JSON.parse(String(value)))),
    ).toEqual([])
    expect(desk.state('subject', 'user:alice')).toBeUndefined()
    expect(desk.open[0]).toMatchObject({ response: 'none', suspects: [] })
    // and even evidence that it should not have would touch none of the people
    desk.take(refusal('leads', { evidence_nats: 5.5 }))
    expect(desk.state('subject', 'user:alice')).toBeUndefined()
    expect(desk.state('subject', 'user:bob')).toBeUndefined()
  })

  it('is a story of its own beside one about a person whom it hits, and one with all that the same revision does', () => {
    const desk = new Desk()
    desk.take(finding({ id: 'f-theft' }), refusal('deals'), refusal('leads'))
    expect(desk.open.map(({ finding_ids }) => finding_ids)).toEqual([['f-theft'], ['f-deals', 'f-leads']])
    desk.take(finding({ id: 'f-theft-2', at_ms: MORNING_MS + MINUTE }))
    expect(desk.open.map(({ finding_ids }) => finding_ids)).toEqual([
      ['f-deals', 'f-leads'],
      ['f-theft', 'f-theft-2'],
    ])
  })

  it('closes its story, and the alert, when the last of its findings is over', () => {
    const desk = new Desk()
    desk.take(refusal('deals'), refusal('leads'))
    const over = (route: string, ms: number) =>
      refusal(route, {
        revision: 2,
        at_ms: ms,
        first_observed_at: instant(MORNING_MS),
        closed_at: instant(ms),
      })
    desk.take(over('deals', MORNING_MS + MINUTE))
    expect(desk.open).toHaveLength(1)
    const outputs = desk.take(over('leads', MORNING_MS + 2 * MINUTE))
    expect(desk.open).toEqual([])
    expect(desk.closed[0]).toMatchObject({
      state: 'closed',
      closed_at: instant(MORNING_MS + 2 * MINUTE),
      verdict: null,
    })
    const alerts = outputs
      .filter(({ topic }) => topic === alertsOutbox)
      .map(({ value }) => Alert.parse(JSON.parse(String(value))))
    expect(alerts).toMatchObject([
      { state: 'resolved', advice: 'It is over: what it told of has ended by itself.' },
    ])
  })

  it('does not page a second time for what verify alerts of itself', () => {
    const desk = new Desk()
    const gap = { ...refusal('deals'), entity: { type: 'pep' as const, id: 'edge' }, entities: [] }
    const alerts = (id: string) =>
      desk.take({ ...gap, id, detector: { id, version: 1 } }).filter(({ topic }) => topic === alertsOutbox)
    expect(alerts('decision-gap')).toEqual([])
    expect(alerts('gateway-silent')).toHaveLength(1)
  })

  it('says nothing when something is over that nobody is told of any more', () => {
    const desk = new Desk()
    expect(desk.take(refusal('deals', { revision: 4, closed_at: instant(MORNING_MS) }))).toEqual([])
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Outcome } from '../../../schemas/decision.ts'
import { Finding } from '../../../schemas/finding.ts'
import { decisionToOcsf, findingToOcsf, type OcsfEvent } from '../../../schemas/ocsf.ts'
import { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { ocsfMistakes } from '../../support/ocsf/ocsf-schema.ts'

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../golden/v1/${name}.json`, import.meta.url), 'utf8'))
const scored = ScoredDecision.parse(golden('scored-decision'))
const finding = Finding.parse(golden('finding'))

/** What OCSF 1.8.0 requires of every class. */
const BASE = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid']

function expectWhole(event: OcsfEvent, more: readonly string[]): void {
  for (const member of [...BASE, ...more]) expect(event).toHaveProperty(member)
  expect(event['type_uid']).toBe(Number(event['class_uid']) * 100 + Number(event['activity_id']))
  expect(Number.isInteger(event['time'])).toBe(true)
  expect(JSON.stringify(event)).not.toContain('undefined')
  expect(ocsfMistakes(event)).toEqual([])
}

describe('a decision as OCSF API Activity', () => {
  it('has what the class requires, in integers of milliseconds', () => {
    const event = decisionToOcsf(scored)
    expectWhole(event, ['actor', 'api', 'src_endpoint'])
    expect(event).toMatchObject({
      class_uid: 6003,
      time: Date.parse(scored.decision.decided_at),
      metadata: { uid: scored.decision.id, tenant_uid: 'acme', sequence: 41 },
      actor: { user: { uid: 'bob', type_id: 1 } },
      src_endpoint: { ip: '192.0.2.7', location: { country: 'PT' }, autonomous_system: { number: 64496 } },
      disposition_id: 99,
      disposition: 'Step-Up Required',
      authorizations: [{ decision: 'step_up', policy: { uid: 'staff', is_applied: true } }],
      risk_score: 52,
    })
  })

  it.each(Outcome.options)('says of %s whether it was allowed', (outcome) => {
    const event = decisionToOcsf({ ...scored, decision: { ...scored.decision, outcome } })
    expectWhole(event, ['actor', 'api', 'src_endpoint'])
    expect(event['action_id']).toBe(outcome === 'permit' || outcome === 'error_open' ? 1 : 2)
    expect(event['status_id']).toBe(outcome === 'permit' ? 1 : 2)
  })

  it('leaves out what a bare decision does not say', () => {
    const { subject, action, resource, ...rest } = scored.decision
    const bare = {
      schema_version: 1,
      id: rest.id,
      decided_at: rest.decided_at,
      outcome: 'permit',
      subject: { type: 'user', id: subject.id },
      action,
      resource: { type: resource.type, id: resource.id },
    }
    const event = decisionToOcsf({ ...scored, decision: ScoredDecision.shape.decision.parse(bare) })
    expectWhole(event, ['actor', 'api', 'src_endpoint'])
    expect(event).not.toHaveProperty('authorizations')
  })
})

describe('a finding as OCSF Detection Finding', () => {
  it('keeps one uid while it goes on: create, then update', () => {
    const created = findingToOcsf({ ...finding, revision: 1 })
    const updated = findingToOcsf(finding)
    expectWhole(created, ['finding_info'])
    expect([created['activity_id'], updated['activity_id']]).toEqual([1, 2])
    expect(created).toMatchObject({ finding_info: { uid: finding.id } })
    expect(updated).toMatchObject({
      class_uid: 2004,
      severity_id: 4,
      is_alert: true,
      finding_info: {
        uid: finding.id,
        attacks: [{ technique: { uid: 'T1078' } }],
        related_events: [{ uid: finding.decision_ids[0] }],
      },
    })
  })

  it('is closed when what it tells is over, and names a rule of the operator as one', () => {
    const closed = findingToOcsf({ ...finding, closed_at: finding.observed_at })
    expectWhole(closed, ['finding_info'])
    expect(closed).toMatchObject({ activity_id: 3, status_id: 4, finding_info: { analytic: { type_id: 3 } } })
    const ruled = findingToOcsf({ ...finding, detector: { id: 'rule-exports', version: 1 } })
    expectWhole(ruled, ['finding_info'])
    expect(ruled).toMatchObject({ finding_info: { analytic: { uid: 'rule-exports', type_id: 1 } } })
  })

  it.each(['LOW', 'MEDIUM', 'HIGH'] as const)('of level %s is as the class says', (risk_level) => {
    expectWhole(findingToOcsf({ ...finding, risk_level, revision: 1 }), ['finding_info'])
  })
})

it.each<[what: string, change: Record<string, unknown>]>([
  ['a member that OCSF does not know', { colour: 'red' }],
  ['a value that is none of an enumeration', { severity_id: 7 }],
  ['a time that is text', { time: '2026-01-05T09:00:00.000Z' }],
  ['a required object that lacks', { finding_info: undefined }],
  ['an object without one of its required members', { finding_info: { title: 'x' } }],
])('the schema refuses %s', (_what, change) => {
  expect(ocsfMistakes({ ...findingToOcsf(finding), ...change })).not.toEqual([])
})

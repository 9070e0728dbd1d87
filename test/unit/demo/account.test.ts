import { describe, expect, it } from 'vitest'
import type { Decision } from '../../../schemas/decision.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import { StoryAccount } from '../../../services/demo/narrator/account.ts'

const AT = Date.parse('2026-01-01T00:00:00.000Z')

function decision(afterMs: number, more: Partial<Decision>): Decision {
  return {
    schema_version: 1,
    id: `d-${afterMs}`,
    decided_at: new Date(AT + afterMs).toISOString(),
    outcome: 'permit',
    tenant: 'default',
    origin: 'live',
    pep: { id: 'gateway', kind: 'gatewatch' },
    subject: { type: 'user', id: 'grace', session_id: 's-1' },
    action: { name: 'GET' },
    resource: { type: 'page', id: '/' },
    ...more,
  }
}

function risk(decision_id: string, more: Partial<RiskState>): RiskState {
  return {
    schema_version: 1,
    tenant: 'default',
    entity: { type: 'subject', id: 'user:grace' },
    origin: 'live',
    revision: 1,
    score: 90,
    level: 'HIGH',
    required_action: 'none',
    causes: [],
    story_ids: [],
    updated_at: new Date(AT).toISOString(),
    expires_at: null,
    restricted_since: null,
    revoked_before: null,
    withheld: null,
    decision_id,
    ...more,
  }
}

const caused = { caused_by: 'risk_feedback' } as const
const atRisk = { risk_at_decision: { score: 90, level: 'HIGH', revision: 1, age_ms: 0 } } as const

function account() {
  const decided = new Map<string, number>()
  const story = new StoryAccount(
    { subject: 'grace', source: '198.19.100.0/24', about: 'subject' },
    'heidi',
    (id) => decided.get(id),
    () => {},
  )
  const see = (one: Decision): void => {
    decided.set(one.id, Date.parse(one.decided_at))
    story.decision(one)
  }
  return { story, see }
}

describe('the account of a story', () => {
  it('measures from the decision that the ledger names to the first outcome that it changed', () => {
    const { story, see } = account()
    see(decision(0, {}))
    see(decision(100, {}))
    story.risk(risk('d-100', {}))
    see(decision(112, { outcome: 'step_up', ...caused, ...atRisk }))
    see(decision(130, { outcome: 'deny', ...caused, ...atRisk }))
    expect(story.outcomes()).toMatchObject([{ decision: { id: 'd-112' }, after_ms: 12 }])
  })

  it('tells a later revocation beside the first change, each from what sufficed for it', () => {
    const { story, see } = account()
    see(decision(0, {}))
    story.risk(risk('d-0', {}))
    see(decision(20, { outcome: 'step_up', ...caused, ...atRisk }))
    see(decision(30, {}))
    story.risk(risk('d-30', { required_action: 'revoke' }))
    see(decision(45, { outcome: 'revoke', ...caused, ...atRisk }))
    expect(story.outcomes().map(({ after_ms }) => after_ms)).toEqual([20, 15])
  })

  it('claims nothing that risk did not cause, or that happened to somebody else', () => {
    const { story, see } = account()
    see(decision(0, { outcome: 'deny' }))
    see(decision(5, { outcome: 'deny', ...caused, subject: { type: 'user', id: 'ivan' } }))
    expect(story.outcomes()).toEqual([])
  })

  it('says no time where the ledger names no decision', () => {
    const { story, see } = account()
    see(decision(20, { outcome: 'deny', ...caused, ...atRisk }))
    story.risk(risk('gone', {}))
    expect(story.outcomes()).toMatchObject([{ after_ms: null }])
  })

  it('counts what the bystander did, and whether risk touched it', () => {
    const { story, see } = account()
    see(decision(0, { subject: { type: 'user', id: 'heidi' } }))
    see(decision(1, { subject: { type: 'user', id: 'heidi' }, outcome: 'step_up', ...caused }))
    expect(story.bystander).toEqual({ requests: 2, touched: 1 })
  })
})

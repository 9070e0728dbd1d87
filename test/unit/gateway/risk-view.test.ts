import { describe, expect, it } from 'vitest'
import { entityKey } from '../../../schemas/entity.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import { askRisk } from '../../../services/gateway/risk/risk-view.ts'

const NOW = Date.parse('2026-01-31T10:00:00.000Z')

function state(entity: RiskState['entity'], over: Partial<RiskState> = {}): RiskState {
  return {
    schema_version: 1,
    tenant: 'default',
    entity,
    origin: 'live',
    revision: 3,
    score: 60,
    level: 'MEDIUM',
    required_action: 'none',
    causes: [],
    story_ids: [],
    updated_at: '2026-01-31T09:59:00.000Z',
    expires_at: '2026-01-31T10:30:00.000Z',
    restricted_since: '2026-01-31T09:59:00.000Z',
    revoked_before: null,
    withheld: null,
    decision_id: null,
    ...over,
  }
}

function ask(states: readonly unknown[], authenticated_at_ms: number | undefined = NOW - 3_600_000) {
  const table = new Map<string, Uint8Array>()
  for (const one of states) {
    const { entity } = one as RiskState
    table.set(entityKey('default', entity), new TextEncoder().encode(JSON.stringify(one)))
  }
  const question = {
    tenant: 'default',
    subject: { type: 'user', id: 'alice' },
    session_id: 's-1',
    device_id: 'd-1',
    source: '192.0.2.0/24',
    authenticated_at_ms,
  }
  return askRisk((key) => table.get(key), question, NOW, 7)
}

const alice = { type: 'subject', id: 'user:alice' } as const
const session = { type: 'session', id: 's-1' } as const
const device = { type: 'device', id: 'd-1' } as const

describe('risk view', () => {
  it('knows nothing of a stranger', () => {
    expect(ask([state({ type: 'subject', id: 'user:bob' })])).toMatchObject({
      revision: 0,
      inputs: { score: 0, level: 'LOW', revoke: false, age_ms: 7 },
    })
  })

  it('takes the worst of subject, session and device, and the newest rise', () => {
    expect(
      ask([
        state(alice),
        state(session, {
          level: 'HIGH',
          score: 80,
          revision: 9,
          restricted_since: '2026-01-31T09:50:00.000Z',
        }),
        state(device, { level: 'LOW', score: 99 }),
      ]),
    ).toMatchObject({ revision: 9, inputs: { level: 'HIGH', score: 80, raised_age_s: 60 } })
  })

  it('keeps the network apart: it is shared by strangers', () => {
    expect(
      ask([state({ type: 'source', id: '192.0.2.0/24' }, { level: 'HIGH', score: 90 })]).inputs,
    ).toMatchObject({
      level: 'LOW',
      score: 0,
      source_level: 'HIGH',
      source_score: 90,
    })
  })

  it('does not act on what was withheld, imported or has ended', () => {
    expect(ask([state(alice, { withheld: 'circuit_breaker', level: 'HIGH' })]).inputs).toMatchObject({
      withheld: true,
      level: 'HIGH',
    })
    expect(ask([state(alice, { origin: 'import' })]).inputs.withheld).toBe(true)
    expect(ask([state(alice, { expires_at: '2026-01-31T09:59:59.000Z' })]).inputs.level).toBe('LOW')
    // What is acted on is what is shown.
    expect(
      ask([state(alice, { withheld: 'circuit_breaker', level: 'HIGH' }), state(session)]).inputs,
    ).toMatchObject({
      withheld: false,
      level: 'MEDIUM',
    })
  })

  it.each([
    ['an older sign-in', { revoked_before: '2026-01-31T09:30:00.000Z' }, NOW - 3_600_000, true],
    ['a newer sign-in', { revoked_before: '2026-01-31T09:30:00.000Z' }, NOW - 60_000, false],
    ['a sign-in of unknown time', { revoked_before: '2026-01-31T09:30:00.000Z' }, undefined, true],
    ['everybody, without an instant', { revoked_before: null }, NOW, true],
    [
      'nobody any more, after its end',
      { revoked_before: null, expires_at: '2026-01-31T09:59:00.000Z' },
      NOW,
      false,
    ],
    ['nobody, when it is imported history', { revoked_before: null, origin: 'import' as const }, NOW, false],
  ])('a revoke of the subject meets %s', (_name, over, authenticated_at_ms, revoke) => {
    const states = [state(alice, { required_action: 'revoke', ...over })]
    const table = new Map(
      states.map((one) => [entityKey('default', one.entity), new TextEncoder().encode(JSON.stringify(one))]),
    )
    const question = { tenant: 'default', subject: { type: 'user', id: 'alice' }, authenticated_at_ms }
    expect(askRisk((key) => table.get(key), question, NOW, 0).inputs.revoke).toBe(revoke)
  })

  it('a revoked device stays revoked, however new the sign-in', () => {
    const states = [state(device, { required_action: 'revoke', revoked_before: '2026-01-31T09:30:00.000Z' })]
    expect(ask(states, NOW).inputs.revoke).toBe(true)
  })

  it('reads what a newer ledger writes', () => {
    expect(ask([{ ...state(alice), something_new: 1 }]).inputs.level).toBe('MEDIUM')
  })
})

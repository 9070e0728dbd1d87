import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../services/policy/compile.ts'
import type { CompiledRoute } from '../../../services/policy/compile.ts'
import { evaluate } from '../../../services/policy/evaluate.ts'
import type { PolicyInputs } from '../../../services/policy/inputs.ts'
import { NOBODY, policyInputs } from '../../support/events/policy-inputs.ts'

const ACR = 'urn:gatewatch:acr:phishing-resistant'

function setUp(route: string, more = '') {
  const text = `version: 1
policy: p
break_glass: ['user:root']
${more}
routes:
  - id: r
    host: h.example
    path: /**
    upstream: http://127.0.0.1:9000
    app: wiki
${route
  .trim()
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
`
  const { policy, problems } = compilePolicy(text, 'p.yaml')
  if (!policy) throw new Error(JSON.stringify(problems))
  const [compiled] = [...policy.routes.values()].flat()
  if (!compiled) throw new Error('no route')
  return (inputs: PolicyInputs, as: CompiledRoute = compiled) => evaluate(policy, as, inputs)
}

const OPEN = `rules: [{ id: all, when: 'true', outcome: permit }]`

describe('base policy', () => {
  it('takes the first rule that holds, and denies when none does', () => {
    const decide = setUp(`rules:
  - { id: never, when: '"contractors" in subject.groups', outcome: deny }
  - { id: staff, when: '"staff" in subject.groups', outcome: permit }`)
    expect(decide(policyInputs())).toMatchObject({
      outcome: 'permit',
      rule_id: 'r.staff',
      reasons: ['policy_permit'],
    })
    expect(decide(policyInputs({ subject: { groups: ['staff', 'contractors'] } }))).toMatchObject({
      outcome: 'deny',
      rule_id: 'r.never',
      reasons: ['policy_deny'],
    })
    const none = decide(policyInputs({ subject: { groups: [] } }))
    expect(none).toMatchObject({ outcome: 'deny', reasons: ['no_rule_matched'] })
    expect(none.rule_id).toBeUndefined()
  })

  it('asks everybody to sign in, unless the route is public', () => {
    expect(setUp(OPEN)(policyInputs({ subject: NOBODY }))).toMatchObject({
      outcome: 'deny',
      reasons: ['not_authenticated'],
    })
    expect(setUp(`public: true\n${OPEN}`)(policyInputs({ subject: NOBODY })).outcome).toBe('permit')
  })

  it('denies when a condition fails, and goes no further', () => {
    const decide = setUp(`rules:
  - { id: broken, when: 'resource.vars.id == "x"', outcome: deny }
  - { id: all, when: 'true', outcome: permit }`)
    expect(decide(policyInputs())).toMatchObject({
      outcome: 'deny',
      reasons: ['policy_error'],
      rule_id: 'r.broken',
    })
    expect(decide(policyInputs({ resource: { vars: { id: 'y' } } })).outcome).toBe('permit')
  })

  it('steps up by rule until the session has the class that is asked for', () => {
    const decide = setUp(`rules: [{ id: strong, when: 'true', outcome: step_up }]`)
    expect(decide(policyInputs())).toMatchObject({
      outcome: 'step_up',
      reasons: ['step_up_required'],
      step_up: { acr: ACR },
    })
    expect(decide(policyInputs({ subject: { acr: ACR } })).outcome).toBe('permit')
  })

  it('asks for the lesser of the tiers of device and session', () => {
    const decide = setUp(`required_tier: privileged\n${OPEN}`)
    const device = { known: true, id: 'd', tier: 'privileged' as const }
    expect(decide(policyInputs())).toMatchObject({ outcome: 'deny', reasons: ['device_unknown'] })
    expect(decide(policyInputs({ device: { ...device, tier: 'basic' } }))).toMatchObject({
      reasons: ['device_tier_too_low'],
    })
    const weak = { tier: 'basic', session_tier: 'basic', level: 1 } as const
    expect(decide(policyInputs({ device, trust: weak }))).toMatchObject({
      outcome: 'step_up',
      reasons: ['step_up_required'],
    })
    expect(decide(policyInputs({ device, trust: { tier: 'privileged', level: 2 } })).outcome).toBe('permit')
  })

  it('asks for a new sign-in when the last is too old, or of unknown age', () => {
    const decide = setUp(`max_authentication_age_s: 300\n${OPEN}`)
    expect(decide(policyInputs({ subject: { authentication_age_s: 300 } })).outcome).toBe('permit')
    expect(decide(policyInputs({ subject: { authentication_age_s: 301 } }))).toMatchObject({
      outcome: 'step_up',
      reasons: ['authentication_too_old'],
      step_up: { max_age_s: 300 },
    })
    expect(decide(policyInputs({ subject: { authentication_age_s: 1e9 } })).outcome).toBe('step_up')
  })
})

describe('risk', () => {
  const table = [
    ['LOW', 'low', 'permit'],
    ['LOW', 'medium', 'permit'],
    ['LOW', 'high', 'permit'],
    ['MEDIUM', 'low', 'permit'],
    ['MEDIUM', 'medium', 'step_up'],
    ['MEDIUM', 'high', 'step_up'],
    ['HIGH', 'low', 'step_up'],
    ['HIGH', 'medium', 'step_up'],
    ['HIGH', 'high', 'deny'],
  ] as const

  it.each(table)('%s on a route of %s sensitivity: %s', (level, sensitivity, outcome) => {
    const inputs = policyInputs({ risk: { level, score: 50, raised_age_s: 10 } })
    const enforced = setUp(`sensitivity: ${sensitivity}\nenforcement: enforce\n${OPEN}`)(inputs)
    expect(enforced.outcome).toBe(outcome)
    expect(enforced.caused_by).toBe(outcome === 'permit' ? undefined : 'risk_feedback')
    const observed = setUp(`sensitivity: ${sensitivity}\n${OPEN}`)(inputs)
    expect(observed.outcome).toBe('permit')
    expect(observed.would_be).toBe(outcome === 'permit' ? undefined : outcome)
    expect(observed.caused_by).toBeUndefined()
  })

  it('lets a phishing-resistant sign-in after the rise through, and not one before it', () => {
    const decide = setUp(`enforcement: enforce\n${OPEN}`)
    const after = (acr: string, authentication_age_s: number) =>
      decide(
        policyInputs({ subject: { acr, authentication_age_s }, risk: { level: 'HIGH', raised_age_s: 60 } }),
      )
    expect(after(ACR, 30).outcome).toBe('permit')
    expect(after(ACR, 61).outcome).toBe('permit')
    expect(after(ACR, 62)).toMatchObject({ outcome: 'step_up', step_up: { acr: ACR, max_age_s: 60 } })
    expect(after('pwd', 30).outcome).toBe('step_up')
    const high = setUp(`enforcement: enforce\nsensitivity: high\n${OPEN}`)
    expect(
      high(
        policyInputs({
          subject: { acr: ACR, authentication_age_s: 1 },
          risk: { level: 'HIGH', raised_age_s: 60 },
        }),
      ).outcome,
    ).toBe('deny')
  })

  it('revokes on every route, observing ones and refusing ones too', () => {
    const risk = { level: 'HIGH', revoke: true } as const
    for (const route of [
      OPEN,
      `enforcement: enforce\n${OPEN}`,
      `rules: [{ id: no, when: 'false', outcome: permit }]`,
    ]) {
      expect(setUp(route)(policyInputs({ risk }))).toMatchObject({
        outcome: 'revoke',
        reasons: ['risk_revoke'],
        caused_by: 'risk_feedback',
      })
    }
  })

  it('falls back to the base policy when risk is stale, but not below it, and keeps a revoke that it heard of', () => {
    const decide = setUp(`enforcement: enforce\n${OPEN}`)
    const stale = { level: 'HIGH', age_ms: 120_001 } as const
    expect(decide(policyInputs({ risk: stale }))).toMatchObject({
      outcome: 'permit',
      reasons: ['policy_permit', 'risk_stale'],
    })
    expect(decide(policyInputs({ risk: { ...stale, age_ms: 120_000 } })).outcome).toBe('step_up')
    expect(decide(policyInputs({ risk: { ...stale, revoke: true } })).outcome).toBe('revoke')
    const closed = setUp(`enforcement: enforce\nrules: [{ id: no, when: 'false', outcome: permit }]`)
    expect(closed(policyInputs({ risk: stale })).outcome).toBe('deny')
  })

  it('spares break-glass subjects and says so', () => {
    const decide = setUp(`enforcement: enforce\nsensitivity: high\n${OPEN}`)
    expect(
      decide(policyInputs({ subject: { id: 'root' }, risk: { level: 'HIGH', revoke: true } })),
    ).toMatchObject({
      outcome: 'permit',
      reasons: ['policy_permit', 'break_glass'],
      break_glass: true,
    })
    // Being break-glass opens nothing that the policy closes.
    const closed = setUp(`rules: [{ id: no, when: 'false', outcome: permit }]`)
    expect(closed(policyInputs({ subject: { id: 'root' } })).outcome).toBe('deny')
  })

  it('does not act on what the ledger withheld', () => {
    const decide = setUp(`enforcement: enforce\n${OPEN}`)
    expect(decide(policyInputs({ risk: { level: 'HIGH', withheld: true } })).outcome).toBe('permit')
  })

  it('says when a rule that reads risk made the refusal: it is our own feedback, no evidence', () => {
    const decide = setUp(`rules:
  - { id: spray, when: 'risk.source_level == "HIGH"', outcome: deny }
  - { id: staff, when: '"staff" in subject.groups', outcome: permit }`)
    expect(decide(policyInputs({ risk: { source_level: 'HIGH' } }))).toMatchObject({
      outcome: 'deny',
      caused_by: 'risk_feedback',
    })
    const stranger = decide(policyInputs({ subject: { groups: [] } }))
    expect(stranger.outcome).toBe('deny')
    expect(stranger.caused_by).toBeUndefined()
  })

  it('never makes an outcome milder, whatever the risk', () => {
    const rank = { permit: 0, step_up: 1, deny: 2, revoke: 3 }
    const level = fc.constantFrom('LOW' as const, 'MEDIUM' as const, 'HIGH' as const)
    const risk = fc.record({
      level,
      revoke: fc.boolean(),
      withheld: fc.boolean(),
      age_ms: fc.nat(300_000),
      raised_age_s: fc.nat(600),
    })
    const acr = fc.constantFrom('pwd', ACR)
    const outcome = fc.constantFrom('permit', 'deny', 'step_up')
    fc.assert(
      fc.property(
        risk,
        acr,
        outcome,
        fc.constantFrom('low', 'medium', 'high'),
        fc.boolean(),
        (facts, acrValue, ruled, sensitivity, enforce) => {
          const decide = setUp(`sensitivity: ${sensitivity}
enforcement: ${enforce ? 'enforce' : 'observe'}
rules: [{ id: x, when: 'true', outcome: ${ruled} }]`)
          const subject = { acr: acrValue }
          const calm = decide(policyInputs({ subject }))
          const tense = decide(policyInputs({ subject, risk: facts }))
          expect(rank[tense.outcome]).toBeGreaterThanOrEqual(rank[calm.outcome])
          const unchanged = enforce || facts.revoke || tense.outcome === calm.outcome
          expect(unchanged).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('recorded inputs', () => {
  it('are what was read, no more: the decision can be made again from them', () => {
    const decide = setUp(`rules:
  - { id: night, when: 'context.time.getHours() < 6 && subject.id != "bob"', outcome: deny }
  - { id: mine, when: 'resource.vars.owner == subject.id', outcome: permit }
  - { id: far, when: 'device.managed', outcome: permit }`)
    const { inputs, outcome } = decide(policyInputs({ resource: { vars: { owner: 'alice' } } }))
    expect(outcome).toBe('permit')
    expect(inputs).toEqual({
      'subject.type': 'user',
      'context.time': '2026-01-31T09:30:00.000Z',
      'subject.id': 'alice',
      'resource.vars': { owner: 'alice' },
      'risk.level': 'LOW',
      'risk.revoke': false,
      'risk.withheld': false,
      'risk.age_ms': 100,
    })
  })

  it('stay within what an event may hold, however long the groups are', () => {
    const decide = setUp(`rules: [{ id: staff, when: '"staff" in subject.groups', outcome: permit }]`)
    const groups = Array.from({ length: 64 }, (_, index) => `${index}-${'\u0001'.repeat(200)}`)
    const { inputs } = decide(policyInputs({ subject: { groups } }))
    expect(JSON.stringify(inputs).length).toBeLessThanOrEqual(8192)
    expect(inputs['truncated']).toBe(true)
  })
})

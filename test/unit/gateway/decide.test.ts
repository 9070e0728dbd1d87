import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDecision } from '../../../schemas/decision.ts'
import { decide } from '../../../services/gateway/decide.ts'
import { identityFromClaims } from '../../../services/gateway/identity/claims.ts'
import { beginChain } from '../../../services/gateway/record/chain.ts'
import { inferDevice } from '../../../services/gateway/trust.ts'
import { compilePolicy } from '../../../services/policy/compile.ts'
import { matchRoute } from '../../../services/policy/match.ts'
import { canonicalPath } from '../../../services/policy/path.ts'
import { verifyChain } from '../../support/events/chain.ts'

const { policy } = compilePolicy(
  `version: 1
policy: p
routes:
  - id: r
    host: h.example
    path: /records/{id}
    upstream: http://127.0.0.1:1
    app: records
    enforcement: enforce
    rules:
      - { id: own, when: 'resource.vars.id == subject.id && !("out" in subject.groups)', outcome: permit }
      - { id: late, when: 'context.time.getHours() > 20 || context.user_agent.contains("x")', outcome: step_up }
`,
  'p.yaml',
)
const NOW = Date.parse('2026-01-31T10:00:00.000Z')
const names = { subject_claim: 'sub', groups_claim: 'groups', roles_claim: 'roles' }

describe('decide', () => {
  it('makes events that every reader can parse and that chain, whatever the claims and the request say', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 })
    const claims = fc.record(
      {
        sub: text,
        groups: fc.array(text, { maxLength: 70 }),
        roles: text,
        iss: text,
        acr: text,
        amr: fc.array(text, { maxLength: 20 }),
        sid: text,
        auth_time: fc.oneof(fc.integer(), fc.double()),
      },
      { requiredKeys: [] },
    )
    const risk = fc.record({
      score: fc.double({ min: 0, max: 100, noNaN: true }),
      level: fc.constantFrom('LOW' as const, 'MEDIUM' as const, 'HIGH' as const),
      age_ms: fc.nat(),
      revoke: fc.boolean(),
    })
    const chain = beginChain({ id: 'gateway', kind: 'gatewatch', version: '0.1.0' }, null)
    let seq = 0
    const made: NonNullable<ReturnType<typeof parseDecision>['data']>[] = []
    fc.assert(
      fc.property(claims, risk, fc.webPath(), text, (some, facts, path, agent) => {
        const canonical = canonicalPath(`/records/x${path.replaceAll('/', '')}`)
        const match = policy && canonical ? matchRoute(policy, 'h.example', 'GET', canonical.segments) : null
        if (!policy || !canonical || !match) return
        const { draft } = decide(
          policy,
          {
            match,
            identity: identityFromClaims(some, names),
            device: inferDevice(null, 'cookie', NOW, 1000),
            action: 'GET',
            resource: { type: 'http', id: canonical.path.slice(0, 1024), path: canonical.path },
            ip: '192.0.2.1',
            host: 'h.example',
            method: 'GET',
            user_agent: agent,
          },
          NOW,
          {
            tenant: 'default',
            askRisk: () => ({
              revision: 1,
              inputs: { withheld: false, raised_age_s: 3, source_score: 0, source_level: 'LOW', ...facts },
            }),
          },
        )
        const linked = chain.link({ seq, decision: { id: `d-${seq}`, ...draft } })
        seq += 1
        // As it comes back from the log: through JSON.
        const parsed = parseDecision(JSON.parse(JSON.stringify(linked)))
        expect(parsed.error?.issues ?? []).toEqual([])
        if (parsed.data) made.push(parsed.data)
      }),
      { numRuns: 300 },
    )
    expect(made.length).toBeGreaterThan(100)
    expect(verifyChain(made).problems).toEqual([])
  })

  it('refuses claims that can not be recorded whole, rather than cutting them', () => {
    const many = identityFromClaims(
      { sub: 'a', groups: Array.from({ length: 65 }, (_, index) => `g${index}`) },
      names,
    )
    expect(many).toMatchObject({ type: 'anonymous', rejected: 'token_invalid' })
    const long = identityFromClaims(
      { sub: 'a', groups: Array.from({ length: 60 }, () => 'g'.repeat(100)) },
      names,
    )
    expect(long.rejected).toBe('token_invalid')
    expect(identityFromClaims({ groups: [] }, names).rejected).toBe('token_invalid')
    expect(identityFromClaims({ sub: 'a\u0000b' }, names).rejected).toBe('token_invalid')
    expect(identityFromClaims({ sub: 'a', client_id: 'a' }, names)).toMatchObject({
      type: 'service',
      id: 'a',
    })
  })
})

import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../services/policy/compile.ts'
import { conditionCompiler } from '../../../services/policy/condition.ts'
import { namesOf, policyUsage } from '../../../services/policy/usage.ts'

const text = `version: 1
policy: intranet
routes:
  - id: crm
    host: crm.localhost
    path: /**
    upstream: http://127.0.0.1:9
    app: crm
    rules:
      - { id: sales, when: "'sales' in subject.groups || 'resellers' in subject.groups", outcome: permit }
      - { id: audit, when: "'auditor' in subject.roles", outcome: permit }
      - { id: guests, when: "'guests' in subject.groups", outcome: deny }
`
const { policy } = compilePolicy(text, 'crm.yaml')
if (!policy) throw new Error('a mistake in the policy')

describe('use of a policy', () => {
  it('names rules that matched nobody, grants that nobody used, and who used to come', () => {
    const rule = { people: 3, last_at: '2026-01-05' }
    const rows = {
      rules: [
        { ...rule, rule_id: 'crm.sales', decisions: 70 },
        { ...rule, rule_id: 'crm.audit', decisions: 0, last_at: '2025-11-02' },
      ],
      routes: [
        { route_id: 'crm', kind: 'all' as const, name: '', people: 9, people_lately: 3 },
        { route_id: 'crm', kind: 'group' as const, name: 'sales', people: 8, people_lately: 3 },
        { route_id: 'gone', kind: 'all' as const, name: '', people: 9, people_lately: 0 },
      ],
      names: [{ kind: 'group' as const, name: 'sales', people: 40 }],
    }
    expect(policyUsage(policy, rows)).toEqual({
      revision: policy.revision,
      rules: 3,
      unmatched: [
        { rule_id: 'crm.audit', outcome: 'permit', last_at: '2025-11-02' },
        { rule_id: 'crm.guests', outcome: 'deny', last_at: null },
      ],
      unused: [
        { rule_id: 'crm.sales', kind: 'group', name: 'sales', seen: 40, used: 3 },
        { rule_id: 'crm.audit', kind: 'role', name: 'auditor', seen: 0, used: 0 },
        { rule_id: 'crm.sales', kind: 'group', name: 'resellers', seen: 0, used: 0 },
      ],
      lapsed: [{ route_id: 'crm', people: 9, lapsed: 6 }],
    })
    expect(namesOf([policy, policy])).toEqual({
      groups: ['resellers', 'sales', 'guests'],
      roles: ['auditor'],
    })
  })

  it.each([
    ["'a' in subject.groups && !('b' in subject.groups)", ['a'], []],
    ["subject.groups.exists(g, g == 'a' || g == 'b')", ['a', 'b'], []],
    ["['x', 'y'].exists(r, r in subject.roles) && context.method == 'GET'", [], ['x', 'y']],
    ["subject.id == 'alice' || size(subject.groups) > 3", [], []],
  ])('%s asks for groups %j and roles %j', (when, groups, roles) => {
    const compiled = conditionCompiler()(when)
    expect('condition' in compiled && compiled.condition.grants).toEqual({ groups, roles })
  })
})

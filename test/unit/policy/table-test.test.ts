import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../services/policy/compile.ts'
import { parseTable, runTable, untestedRoutes } from '../../../services/policy/table-test.ts'

const { policy } = compilePolicy(
  `version: 1
policy: p
routes:
  - { id: a, host: h.example, path: /a, upstream: 'http://127.0.0.1:1', app: x, public: true, rules: [{ id: all, when: 'true', outcome: permit }] }
  - { id: b, host: h.example, path: /b, upstream: 'http://127.0.0.1:1', app: x, rules: [{ id: all, when: 'true', outcome: permit }] }
`,
  'p.yaml',
)

function run(text: string) {
  const { tests, problems } = parseTable(text, 't.yaml')
  if (!policy || !tests) throw new Error(JSON.stringify(problems))
  return { results: runTable(policy, tests), untested: untestedRoutes(policy, tests) }
}

describe('table test', () => {
  it('says what came out instead, and which routes nobody asked for', () => {
    const { results, untested } = run(`tests:
  - { name: right, request: { host: h.example, path: /a }, expect: { outcome: permit, rule: a.all } }
  - { name: wrong, request: { host: h.example, path: /a }, expect: { outcome: deny, rule: a.none } }
  - { name: ambiguous, request: { host: h.example, path: '/a%2f' }, expect: { outcome: deny, reasons: [request_malformed] } }
`)
    expect(results).toEqual([
      { name: 'right', differences: [] },
      {
        name: 'wrong',
        differences: [
          'outcome is permit, expected deny',
          'rule is a.all, expected a.none',
          'reasons: policy_permit; rule: a.all',
        ],
      },
      { name: 'ambiguous', differences: [] },
    ])
    expect(untested).toEqual(['b'])
  })

  it('lists mistakes of the table with their places', () => {
    const { problems } = parseTable(
      'tests:\n  - { name: x, request: { host: h, path: /a }, expect: { outcome: maybe } }\n',
      't.yaml',
    )
    expect(problems).toMatchObject([{ file: 't.yaml', line: 2, path: 'tests[0].expect.outcome' }])
  })
})

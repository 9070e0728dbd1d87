import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../services/policy/compile.ts'
import { formatProblem } from '../../../services/policy/problem.ts'

const good = `version: 1
policy: intranet
routes:
  - id: wiki
    host: wiki.example
    path: /**
    upstream: http://127.0.0.1:9000
    app: wiki
    rules:
      - { id: staff, when: '"staff" in subject.groups', outcome: permit }
`

function problems(text: string): string[] {
  return (compilePolicy(text, 'p.yaml').problems ?? []).map(formatProblem)
}

describe('compile', () => {
  it('takes a good policy', () => {
    expect(problems(good)).toEqual([])
    expect(compilePolicy(good, 'p.yaml').policy?.document.routes[0]).toMatchObject({
      sensitivity: 'medium',
      enforcement: 'observe',
    })
  })

  it('names a policy by its meaning: comments, order of keys and defaults do not count', () => {
    const same = `# a comment
policy: intranet
version: 1
break_glass: []
routes:
- rules: [{ outcome: permit, when: '"staff" in subject.groups', id: staff }]
  app: wiki
  sensitivity: medium
  path: /**
  host: wiki.example
  id: wiki
  upstream: http://127.0.0.1:9000
`
    const revision = compilePolicy(good, 'a').policy?.revision
    expect(revision).toMatch(/^[0-9a-f]{64}$/)
    expect(compilePolicy(same, 'b').policy?.revision).toBe(revision)
    expect(compilePolicy(good.replace('staff"', 'staf"'), 'c').policy?.revision).not.toBe(revision)
  })

  it('lists every mistake at once, with file, line, column and path', () => {
    const bad = `version: 1
policy: intranet
colour: red
routes:
  - id: wiki
    host: wiki.example
    path: wiki
    upstream: ftp://127.0.0.1
    app: wiki
    sensitivity: huge
    rules:
      - { id: staff, when: 'subject.grps == 1', outcome: permit }
      - { id: other, when: "nobody.id == ''", outcome: allow }
`
    expect(problems(bad)).toEqual([
      'p.yaml:3:1: colour: is not a known key',
      'p.yaml:7:11: routes[0].path: must begin with /',
      expect.stringMatching(/^p\.yaml:8:15: routes\[0\]\.upstream: /),
      expect.stringMatching(/^p\.yaml:10:18: routes\[0\]\.sensitivity: /),
      'p.yaml:12:37: routes[0].rules[0].when: No such key: grps',
      'p.yaml:13:29: routes[0].rules[1].when: Unknown variable: nobody',
      expect.stringMatching(/^p\.yaml:13:56: routes\[0\]\.rules\[1\]\.outcome: /),
    ])
  })

  it.each([
    [
      'when: "\\"staff\\" in subject.groups"',
      `when: 'subject.id'`,
      'is a string, a condition must be a bool',
    ],
    ['types', `when: 'subject.id == 3'`, 'no such overload: string == int'],
    ['syntax', `when: 'subject.id == '`, 'Unexpected token: EOF'],
  ])('refuses a condition: %s', (_name, when, message) => {
    const text = good.replace(`when: '"staff" in subject.groups'`, when)
    expect(problems(text)).toEqual([expect.stringContaining(message)])
  })

  it('finds duplicate ids, shadowed routes, unreachable rules and bad templates', () => {
    const route = (id: string, path: string, more = '') => `  - id: ${id}
    host: wiki.example
    path: ${path}
    upstream: http://127.0.0.1:9000
    app: wiki
${more}    rules:
      - { id: all, when: 'true', outcome: permit }
      - { id: all, when: 'subject.id == "a"', outcome: deny }
`
    const text = `version: 1\npolicy: p\nroutes:\n${route('a', '/x/{id}')}${route('a', '/x/{name}')}${route('c', '/x/**/y')}`
    expect(problems(text)).toEqual([
      expect.stringContaining('routes[0].rules[1]: is never reached: rule all before it always holds'),
      expect.stringContaining('routes[0].rules[1].id: another rule of the route has the id all'),
      expect.stringContaining('routes[1].id: another route has the id a'),
      expect.stringContaining('routes[1].path: any method is already taken here by route a'),
      expect.stringContaining('routes[1].rules[1]: is never reached'),
      expect.stringContaining('routes[1].rules[1].id'),
      expect.stringContaining('routes[2].path: ** may only stand at the end'),
      expect.stringContaining('routes[2].rules[1]: is never reached'),
      expect.stringContaining('routes[2].rules[1].id'),
    ])
  })

  it.each([
    ['broken YAML', 'version: [1\npolicy: x'],
    ['a duplicate key', 'version: 1\nversion: 1\n'],
    ['nothing', ''],
    ['a list', '- 1'],
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]`,
    ],
  ])('says where %s is wrong', (_name, text) => {
    const found = problems(text)
    expect(found.length).toBeGreaterThan(0)
    for (const line of found) expect(line).toMatch(/^p\.yaml:\d+:\d+: /)
  })

  it('never throws, whatever the file holds', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const load = compilePolicy(text, 'p.yaml')
        expect(load.policy === undefined).toBe(load.problems !== undefined)
      }),
    )
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.string({ maxLength: 3 }), (at, text) => {
        compilePolicy(good.slice(0, at) + text + good.slice(at + 1), 'p.yaml')
      }),
    )
  })
})

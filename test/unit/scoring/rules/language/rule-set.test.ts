import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../../../../services/scoring/rules/language/problem.ts'
import { compileRules } from '../../../../../services/scoring/rules/language/rule-set.ts'
import { problemsOf, rulesOf, ruleText } from '../../../../support/scoring/rules.ts'

const base = ruleText('{ s: { outcome: deny }, condition: s }').replace('name: it', 'name: refused')

function correlation(section: string, name = 'many'): string {
  return `${base.trimEnd()}\n---\ntitle: Many\nname: ${name}\ncorrelation:\n  ${section.replaceAll('\n', '\n  ')}\n`
}
const count = (more: string) =>
  correlation(`type: event_count\nrules: [refused]\ngroup-by: [subject.id]\n${more}`)

describe('the rules of a directory', () => {
  it('are used but for those that can not be, which are named', () => {
    const set = compileRules([
      { file: 'a.yml', text: base },
      { file: 'b.yml', text: 'title: [' },
      {
        file: 'c.yml',
        text: `${ruleText('{ s: { outcom: deny }, condition: s }')}---\n${base.replace('refused', 'other')}`,
      },
      { file: 'd.yml', text: 'just a text' },
      { file: 'e.yml', text: base },
    ])
    expect(set.matched.map(({ name }) => name)).toEqual(['refused', 'other'])
    expect(set.problems.map(formatProblem)).toEqual([
      expect.stringMatching(/^b\.yml:1:9: /),
      'c.yml:4:19: there is no field outcom; is outcome meant?',
      'd.yml:1:1: a rule is a map of keys and values',
      'e.yml:1:1: a.yml has a rule refused already',
    ])
  })

  it('have a version that follows from their texts, and from nothing else', () => {
    const [a, b] = [
      { file: 'a.yml', text: base },
      { file: 'b.yml', text: 'title: [' },
    ]
    const { version } = compileRules([a, b])
    expect(compileRules([b, a]).version).toBe(version)
    expect(compileRules([a, { ...b, text: 'title: ]' }]).version).not.toBe(version)
  })

  it('are named by their file where they give no name, and tell nothing where they are informational or a part', () => {
    const plain = base.replace('name: refused\n', '')
    expect([...compileRules([{ file: 'x/My_Rule.yml', text: plain }]).told.keys()]).toEqual(['my-rule'])
    const long = (end: string) => ({ file: `${'abcdefghi_'.repeat(6)}${end}.yml`, text: plain })
    expect([...compileRules([long('x'), long('y')]).told.keys()]).toEqual([
      expect.stringMatching(/^(?:abcdefghi-){5}[0-9a-f]{8}$/),
      expect.stringMatching(/^(?:abcdefghi-){5}[0-9a-f]{8}$/),
    ])
    expect([...rulesOf(`${base}level: informational\n`).told.keys()]).toEqual([])
    const many = count('timespan: 5m\ncondition: { gte: 3 }')
    expect([...rulesOf(many).told.keys()]).toEqual(['many'])
    expect([...rulesOf(`${many}generate: true\n`).told.keys()]).toEqual(['refused', 'many'])
  })

  it('that refer to one that is missing, or to each other, are refused', () => {
    const of = (name: string, other: string) =>
      `title: ${name}\nname: ${name}\ncorrelation: { type: event_count, rules: [${other}], group-by: [subject.id], timespan: 5m, condition: { gte: 2 } }\n`
    expect(problemsOf(of('a', 'b'))).toEqual([
      'r.yml:3:43: there is no rule b that can be used; name one by its name or id, and mend it where it is named above',
    ])
    expect(problemsOf(`${of('a', 'b')}---\n${of('b', 'a')}`)).toEqual([
      "r.yml:3:43: b can't be used: a > b > a refer to each other",
      "r.yml:7:43: a can't be used: b > a > b refer to each other",
    ])
  })

  it.each([
    ['timespan: 5m', 'r.yml:9:3: event_count needs a condition, such as gte: 10'],
    [
      'timespan: 5m\ncondition: { lt: 3 }',
      'r.yml:13:16: lt is known only when the time span is over, and a finding does not wait for that; ask for gte or gt',
    ],
    ['timespan: 5m\ncondition: { gte: 0 }', 'r.yml:13:14: one of gte and gt says how many: 1 to 1000'],
    [
      'timespan: 5 minutes\ncondition: { gte: 3 }',
      'r.yml:12:13: a timespan is 1s to 7d: a number and s, m, h or d',
    ],
    ['timespan: 8d\ncondition: { gte: 3 }', 'r.yml:12:13: a timespan is 1s to 7d: a number and s, m, h or d'],
    ['timespan: 5m\nwindow: tumbling\ncondition: { gte: 3 }', 'r.yml:13:3: window is no key of correlation'],
  ])('a count with %j is refused', (more, problem) => {
    const problems = problemsOf(count(more))
    expect(problems[0]).toBe(problem)
  })

  it.each([
    [
      'type: value_sum\nrules: [refused]\ntimespan: 5m',
      'r.yml:9:9: value_sum is not supported; event_count, value_count, temporal, temporal_ordered are',
    ],
    ['type: temporal\nrules: [refused]\ntimespan: 5m', 'r.yml:10:10: temporal is about two rules or more'],
    [
      'type: temporal\nrules: [refused, other]\ntimespan: 5m\ncondition: { gte: 3 }',
      'r.yml:12:14: one of gte and gt says how many of its rules: 1 to 2',
    ],
    [
      'type: temporal_ordered\nrules: [refused, other]\ntimespan: 5m\ncondition: { gte: 1 }',
      'r.yml:12:14: an order is of all of its rules: leave the condition out, or ask for fewer rules',
    ],
    [
      'type: event_count\nrules: [refused]\ntimespan: 5m\ncondition: { gt: 3, lte: 9 }',
      'r.yml:12:23: lte is known only when the time span is over, and a finding does not wait for that; ask for gte or gt',
    ],
    [
      'type: event_count\nrules: [refused]\ngroup-by: [subject.groups]\ntimespan: 5m\ncondition: { gte: 3 }',
      'r.yml:11:14: subject.groups is a list: a decision would be in several groups; group by a single value, such as subject.id',
    ],
    [
      'type: event_count\nrules: [refused]\ngroup-by: [subject.ip]\ntimespan: 5m\ncondition: { gte: 3 }',
      'r.yml:11:14: there is no field subject.ip; is context.ip meant?',
    ],
    [
      'type: value_count\nrules: [refused]\ntimespan: 5m\ncondition: { gte: 3 }',
      'r.yml:12:14: field names the field whose values are counted',
    ],
    [
      'type: event_count\nrules: [refused]\ngroup-by: [who]\naliases: { who: { other: subject.id } }\ntimespan: 5m\ncondition: { gte: 3 }',
      'r.yml:12:19: the alias who says nothing of refused',
    ],
  ])('%j is refused', (section, problem) => {
    expect(problemsOf(correlation(section))).toContain(problem)
  })

  it('never break the compiler, whatever stands in a file', () => {
    const words = [
      'title',
      'detection',
      'correlation',
      'condition',
      'logsource',
      'product',
      ': ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '\n',
      '  ',
      '---\n',
      's',
      '*',
      '|re',
      '(',
      "'",
      '"',
      '&a ',
      '*a',
      '1 of',
      'gatewatch',
      'rules',
      'type',
      'temporal',
      '!!set ',
      '<<: ',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 40 }), (parts) => {
        const { problems } = compileRules([{ file: 'x.yml', text: parts.join('') }])
        for (const { line, column } of problems) expect(Math.min(line, column)).toBeGreaterThan(0)
      }),
      { numRuns: 1000 },
    )
  })
})

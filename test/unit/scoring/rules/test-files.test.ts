import { describe, expect, it } from 'vitest'
import { testRules } from '../../../../services/scoring/rules/test-files.ts'
import { rulesOf, ruleText } from '../../../support/scoring/rules.ts'

const set = rulesOf(ruleText('{ s: { action.name: delete }, condition: s }'), 'it.yml')
const run = (...lines: readonly object[]) =>
  testRules(set, [{ file: 'it.test.jsonl', text: lines.map((line) => JSON.stringify(line)).join('\n') }])
const deletes = { decision: { action: { name: 'delete' } } }

describe('a file of tests', () => {
  it('passes when every line says what comes about', () => {
    const { results, mistakes, untested } = run(
      { case: 'delete', ...deletes, match: true },
      { case: 'read', decision: {}, match: ['it'] },
      { case: 'read again', decision: {}, match: false },
    )
    expect(results).toEqual([
      { file: 'it.test.jsonl', name: 'delete', failures: [] },
      { file: 'it.test.jsonl', name: 'read', failures: ['it.test.jsonl:2: it should match and does not'] },
      { file: 'it.test.jsonl', name: 'read again', failures: [] },
    ])
    expect([mistakes, untested]).toEqual([[], []])
  })

  it('says which rule matches that should not, and at which time of a repeated line', () => {
    expect(run({ ...deletes, match: true, repeat: 2 }).results[0]?.failures).toEqual([
      'it.test.jsonl:1, time 1: it matches and should not',
    ])
  })

  it('names rules that no line matches, or none leaves alone', () => {
    expect(run({ ...deletes, match: true }).untested).toEqual(['it'])
    expect(run({ decision: {}, match: false }).untested).toEqual(['it'])
  })

  it.each([
    [{ decision: { outcom: 'deny', subject: { name: 'x' } }, match: true }, /^it\.test\.jsonl:1: decision: /],
    [{ decision: {}, match: ['other'] }, /there is no rule other beside it; there is it$/],
    [
      { decision: {}, match: true, enrichment: { source: { country: 'Germany' } } },
      /enrichment: source\.country/,
    ],
    [{ decisions: {}, match: true }, /^it\.test\.jsonl:1: /],
  ])('with the line %j is a mistake', (line, mistake) => {
    const { mistakes } = run(line)
    expect(mistakes[0]).toMatch(mistake)
  })

  it('that belongs to no rule is a mistake', () => {
    expect(testRules(set, [{ file: 'else.test.jsonl', text: '' }]).mistakes).toEqual([
      'else.test.jsonl: there is no rule in force beside it that tells anything; name it after the file of the rule, of many-refusals.yml many-refusals.test.jsonl',
    ])
  })
})

import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../../services/scoring/rules/language/problem.ts'
import { compileRules } from '../../../services/scoring/rules/language/rule-set.ts'
import { readRuleDirectory, readRuleTests } from '../../../services/scoring/rules/read-directory.ts'
import { testRules } from '../../../services/scoring/rules/test-files.ts'

describe.each(['deploy/rules', 'services/demo/rules'])('%s', (name) => {
  const directory = fileURLToPath(new URL(`../../../${name}/`, import.meta.url))

  it('can all be used, and match in their stories what they must, and nothing else', async () => {
    const rules = await readRuleDirectory(directory)
    const set = compileRules(rules.files)
    expect([...rules.unread, ...set.problems].map(formatProblem)).toEqual([])
    const { results, mistakes, untested } = testRules(set, (await readRuleTests(directory)).files)
    expect(results.flatMap(({ failures }) => failures)).toEqual([])
    expect(mistakes).toEqual([])
    expect(untested).toEqual([])
    expect(results.length).toBeGreaterThan(5)
  })
})

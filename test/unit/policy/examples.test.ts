import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../services/policy/compile.ts'
import { formatProblem } from '../../../services/policy/problem.ts'
import { parseTable, runTable, untestedRoutes } from '../../../services/policy/table-test.ts'

const folder = fileURLToPath(new URL('../../../deploy/policies', import.meta.url))
const names = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))

describe.each(names)('example %s', (name) => {
  const file = join(folder, name)
  const load = compilePolicy(readFileSync(file, 'utf8'), name)

  it('has no mistake', () => {
    expect((load.problems ?? []).map(formatProblem)).toEqual([])
  })

  it('decides as the table beside it says, every route asked', () => {
    const table = parseTable(readFileSync(file.replace('.yaml', '.test.yaml'), 'utf8'), name)
    if (!load.policy || !table.tests) throw new Error(JSON.stringify(table.problems))
    expect(runTable(load.policy, table.tests).filter(({ differences }) => differences.length > 0)).toEqual([])
    expect(untestedRoutes(load.policy, table.tests)).toEqual([])
  })
})

it('has examples', () => {
  expect(names.length).toBeGreaterThanOrEqual(2)
})

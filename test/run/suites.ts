import { stripVTControlCharacters } from 'node:util'
import { startVitest, type TestCase, type Vitest } from 'vitest/node'
import type { Tally } from './tally.ts'

/** Runs the suites, prints vitest's own report, and counts tests (not files). A file that does not load counts as a failure. */
export async function runSuites(filters: readonly string[]): Promise<Tally> {
  const vitest = await startVitest('test', [...filters], {
    config: 'test/vitest.config.ts',
    watch: false,
    reporters: ['default'],
  })
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 }
  const skips = new Map<string, number>()
  for (const module of vitest.state.getTestModules()) {
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') tally.passed += 1
      else if (state === 'failed') tally.failed += 1
      else {
        tally.skipped += 1
        const about = suiteOrNote(test)
        skips.set(about, (skips.get(about) ?? 0) + 1)
      }
    }
  }
  const outside = failuresOutsideTests(vitest)
  tally.failed += outside.length
  for (const [about, count] of skips) console.log(`SKIPPED ${count} of ${about}`)
  // Last, since whoever keeps only the end of a log must still see what failed.
  for (const failure of [...failuresOfTests(vitest), ...outside]) console.log(`FAILED ${failure}`)
  await vitest.close()
  return tally
}

/** What a skipped test is counted under: its reason, else its suite, else its own name. */
function suiteOrNote(test: TestCase): string {
  const result = test.result()
  if (result.state === 'skipped' && result.note) return `${test.module.relativeModuleId}: ${result.note}`
  return test.parent.type === 'suite' ? test.parent.fullName : test.fullName
}

function failuresOfTests(vitest: Vitest): string[] {
  return vitest.state.getTestModules().flatMap((module) =>
    [...module.children.allTests('failed')].map((test) => {
      const errors = test.result().errors ?? []
      return `${module.relativeModuleId} > ${test.fullName}${errors.map(inLines).join('')}`
    }),
  )
}

/** Files that did not load, and what was thrown or rejected outside of every test. */
function failuresOutsideTests(vitest: Vitest): string[] {
  const files = vitest.state
    .getTestModules()
    .filter((module) => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0)
    .map((module) => `${module.relativeModuleId}${module.errors().map(inLines).join('')}`)
  const thrown = vitest.state.getUnhandledErrors().map((error) => `outside of every test${inLines(error)}`)
  return [...files, ...thrown]
}

/** The error's message, its frames in this repository, and the difference of what was expected and what came. */
function inLines(error: unknown): string {
  const stack = error instanceof Object && 'stack' in error ? error.stack : error
  const frames = String(stack)
    .split('\n')
    .filter((line) => !/^\s+at (.*(node_modules|node:)|new Promise)/.test(line))
  const given = error instanceof Object && 'diff' in error ? error.diff : ''
  const diff = typeof given === 'string' ? stripVTControlCharacters(given) : ''
  const text = `${frames.join('\n').slice(0, MAX_ERROR)}\n${diff.slice(0, MAX_ERROR)}`
  return `\n    ${text.trimEnd().replaceAll('\n', '\n    ')}`
}

const MAX_ERROR = 1200

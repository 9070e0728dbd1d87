import { startVitest } from 'vitest/node'
import type { Tally } from './tally.ts'

/** Runs the suites, prints vitest's own report, and counts tests (not files). A file that does not load counts as a failure. */
export async function runSuites(filters: readonly string[]): Promise<Tally> {
  const vitest = await startVitest('test', [...filters], {
    config: 'test/vitest.config.ts',
    watch: false,
    reporters: ['default'],
  })
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 }
  const skips = new Set<string>()
  for (const module of vitest.state.getTestModules()) {
    if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0) tally.failed += 1
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') tally.passed += 1
      else if (state === 'failed') tally.failed += 1
      else {
        tally.skipped += 1
        const result = test.result()
        const note = result.state === 'skipped' ? result.note : undefined
        skips.add(`${test.fullName}${note ? `: ${note}` : ''}`)
      }
    }
  }
  tally.failed += vitest.state.getUnhandledErrors().length
  for (const skip of skips) console.log(`SKIPPED ${skip}`)
  await vitest.close()
  return tally
}

import { spawnSync } from 'node:child_process'
import type { Tally } from './tally.ts'

/** The rules of the house that are checks; each is one line of the package's scripts or a plain tool call. */
const checks: readonly { name: string; command: string; args: readonly string[] }[] = [
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'lint, no warning', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', command: 'oxfmt', args: ['--check'] },
  { name: 'walls between modules', command: 'npm', args: ['run', '--silent', 'architecture'] },
  { name: 'dead code', command: 'knip', args: [] },
]

/** Runs every check, whatever the ones before said, and prints what a failing one printed. */
export function runChecks(): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 }
  for (const { name, command, args } of checks) {
    const started = performance.now()
    const { status, stdout, stderr, error } = spawnSync(command, [...args], { encoding: 'utf8' })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    if (status === 0) {
      tally.passed += 1
      console.log(`ok      ${name} (${seconds} s)`)
    } else {
      tally.failed += 1
      console.log(`FAILED  ${name} (${seconds} s)\n${error ? String(error) : `${stdout}${stderr}`}`)
    }
  }
  return tally
}

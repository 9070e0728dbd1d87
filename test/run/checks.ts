import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { Tally } from './tally.ts'

interface Check {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

/** The rules of the house that are checks; each is one line of the package's scripts or a plain tool call. */
const checks: readonly Check[] = [
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'lint, no warning', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', command: 'oxfmt', args: ['--check'] },
  { name: 'walls between modules', command: 'npm', args: ['run', '--silent', 'architecture'] },
  { name: 'dead code', command: 'knip', args: [] },
]

/** Two cores: the types, which take one alone for the longest, and the others one after another. */
const LANES = [checks.slice(0, 1), checks.slice(1)]

/** Runs every check, whatever the ones before said, and prints what a failing one printed. */
export async function runChecks(): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 }
  await Promise.all(
    LANES.map(async (lane) => {
      for (const check of lane) tally[(await runCheck(check)) ? 'passed' : 'failed'] += 1
    }),
  )
  return tally
}

async function runCheck({ name, command, args }: Check): Promise<boolean> {
  const started = performance.now()
  const { status, said } = await run(command, args)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(status === 0 ? `ok      ${name} (${seconds} s)` : `FAILED  ${name} (${seconds} s)\n${said}`)
  return status === 0
}

async function run(
  command: string,
  args: readonly string[],
): Promise<{ status: number | null; said: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<{ status: number | null; error: string }>((resolve) => {
    child.once('error', (error) => resolve({ status: null, error: String(error) }))
    child.once('close', (status) => resolve({ status, error: '' }))
  })
  const [{ status, error }, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { status, said: `${out}${err}${error}` }
}

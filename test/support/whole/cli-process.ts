import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../../services/cli.ts', import.meta.url))

export interface CliProcess {
  readonly child: ChildProcess
  /** Everything that was written so far, both streams. */
  output(): string
  /** Resolves when the output matches; fails with the output when it doesn't within `ms`, or the process ends before. */
  shows(pattern: RegExp, ms: number): Promise<RegExpExecArray>
  /** Sends a signal and resolves to exit code and how long it took. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; ms: number }>
  exited(): Promise<number | null>
}

/** Runs `gatewatch` as a process of its own, under the Node that runs the test, in a directory without configuration. */
export function runCliProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): CliProcess {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('GATEWATCH_')),
  )
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { ...inherited, ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const changed = new Set<() => void>()
  const gather = (chunk: Buffer): void => {
    text += chunk.toString()
    for (const look of changed) look()
  }
  child.stdout.on('data', gather)
  child.stderr.on('data', gather)
  const exit = once(child, 'close')
  const code = async (): Promise<number | null> => {
    await exit
    return child.exitCode
  }

  return {
    child,
    output: () => text,
    exited: code,
    shows(pattern, ms) {
      return new Promise((resolve, reject) => {
        const end = (settle: () => void): void => {
          clearTimeout(timer)
          changed.delete(look)
          settle()
        }
        const failed = (why: string) => (): void =>
          reject(new Error(`${why} ${String(pattern)}; it said:\n${text}`))
        const look = (): void => {
          const found = pattern.exec(text)
          if (found) end(() => resolve(found))
        }
        const timer = setTimeout(() => end(failed(`nothing within ${ms} ms matched`)), ms)
        changed.add(look)
        void exit.then(() => end(failed('the process ended before it showed')))
        look()
      })
    },
    async stop(signal = 'SIGINT') {
      const begin = performance.now()
      child.kill(signal)
      return { code: await code(), ms: performance.now() - begin }
    },
  }
}

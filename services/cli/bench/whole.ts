import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDataDir } from '../../runtime/data-dir.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { openTokens } from '../../runtime/tokens.ts'

const CLI = fileURLToPath(new URL('../../cli.ts', import.meta.url))

/** One application of medium sensitivity: reading is permitted, the rest refused, and risk is acted on. */
export const POLICY = `version: 1
policy: bench
routes:
  - id: records
    host: records.test
    path: /records/{id}
    upstream: http://127.0.0.1:9
    app: records
    resource_type: record
    sensitivity: medium
    enforcement: enforce
    rules:
      - { id: readers, when: 'action.name == "read"', outcome: permit }
      - { id: nobody, when: 'true', outcome: deny }
`

/** A data directory with policy, configuration and token, ready for `gatewatch up`. */
export interface PreparedWhole {
  readonly dataDir: string
  /** For the decision point. */
  readonly token: string
  /** Path of the configuration file. */
  readonly config: string
  /** Starts it in a process of its own; resolves when it is ready. */
  start(): Promise<Whole>
}

/** Everything that `gatewatch up` runs, in a process of its own. */
export interface Whole {
  /** The AuthZEN evaluation endpoint. */
  readonly evaluation: URL
  /** The console, with a token to log in by in its fragment. */
  readonly console: URL
  /** Ends it as an operator does, and resolves to the exit code. */
  stop(): Promise<number | null>
  /** Ends it with SIGKILL. */
  kill(): Promise<void>
}

/**
 * Prepares `gatewatch up` on free ports below `directory`. The circuit breaker is
 * open wide: whoever measures attacks more people in a minute than a company should see.
 * `settings` are sections of the configuration, `kafka` above all.
 */
export async function prepareWhole(
  directory: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<PreparedWhole> {
  const dataDir = await openDataDir(join(directory, 'data'))
  const policy = join(directory, 'policy.yaml')
  const config = join(directory, 'gatewatch.yaml')
  await writeFile(policy, POLICY)
  await writeFile(
    config,
    JSON.stringify({
      data_dir: dataDir,
      log_level: 'warn',
      admin: { port: 0 },
      feedback: { port: 0, circuit_breaker: { share: 1 } },
      gateway: { policy_file: policy, listen: { port: 0 }, decision_point: { port: 0 } },
      ...settings,
    }),
  )
  const tokens = await openTokens(dataDir)
  const token = await tokens.create({ name: 'whole', scopes: ['decision-point'] })
  return { dataDir, token, config, start: () => startWhole(config) }
}

/** Runs `gatewatch up` on a configuration in a process of its own; resolves when it is ready. */
export async function startWhole(config: string): Promise<Whole> {
  const child = spawn(process.execPath, [CLI, '--config', config, 'up'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const { evaluation, console } = await new Promise<Pick<Whole, 'evaluation' | 'console'>>(
    (resolve, reject) => {
      let said = ''
      const heard = (chunk: Buffer): void => {
        said = (said + chunk.toString()).slice(-8192)
        const page = /Console +(http\S+)/.exec(said)?.[1]
        const address = /Decisions +(http\S+)/.exec(said)?.[1]
        if (page !== undefined && address !== undefined)
          resolve({ evaluation: new URL(address), console: new URL(page) })
      }
      child.stdout.on('data', heard)
      child.stderr.on('data', heard)
      void exited.then((code) =>
        reject(
          new GatewatchError(
            'ERR_USAGE',
            `gatewatch up ended with ${code} before it was ready: ${said.trim()}`,
          ),
        ),
      )
    },
  )
  return {
    evaluation,
    console,
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

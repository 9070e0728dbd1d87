import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDataDir } from '../../runtime/data-dir.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { openTokens } from '../../runtime/tokens.ts'

const CLI = fileURLToPath(new URL('../../cli.ts', import.meta.url))

/** One application of medium sensitivity: reading is permitted, the rest refused, and risk is acted on. */
const POLICY = `version: 1
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

/** Everything that `gatewatch up` runs, in a process of its own. */
export interface Whole {
  readonly dataDir: string
  /** The AuthZEN evaluation endpoint, and a token for it. */
  readonly evaluation: URL
  readonly token: string
  stop(): Promise<void>
}

/**
 * Starts `gatewatch up` on free ports below `directory`. The circuit breaker is
 * open wide: a benchmark attacks more people in a minute than a company should see.
 */
export async function startWhole(directory: string): Promise<Whole> {
  const dataDir = await openDataDir(join(directory, 'data'))
  await mkdir(directory, { recursive: true })
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
    }),
  )
  const tokens = await openTokens(dataDir)
  const token = await tokens.create({ name: 'bench', scopes: ['decision-point'] })
  const child = spawn(process.execPath, [CLI, '--config', config, 'up'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const evaluation = await new Promise<URL>((resolve, reject) => {
    let said = ''
    const heard = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-8192)
      const address = /Decisions +(http\S+)/.exec(said)?.[1]
      if (address !== undefined) resolve(new URL(address))
    }
    child.stdout.on('data', heard)
    child.stderr.on('data', heard)
    void exited.then(() =>
      reject(new GatewatchError('ERR_USAGE', `The process to be measured did not start: ${said.trim()}`)),
    )
  })
  return {
    dataDir,
    evaluation,
    token,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

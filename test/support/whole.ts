import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openTokens } from '../../services/runtime/tokens.ts'

const cli = fileURLToPath(new URL('../../services/cli.ts', import.meta.url))

const policy = `
version: 1
policy: whole
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
      - { id: staff, when: 'action.name == "read"', outcome: permit }
      - { id: nobody, when: 'true', outcome: deny }
`

/** Everything that \`gatewatch up\` runs, as a process of its own on a data directory of its own. */
export interface Whole {
  readonly dataDir: string
  readonly configFile: string
  readonly token: string
  /** Starts the process and resolves when it says that it is ready. */
  start(): Promise<RunningWhole>
  release(): Promise<void>
}

export interface RunningWhole {
  readonly child: ChildProcess
  /** The AuthZEN endpoint. */
  readonly evaluation: string
  kill(): Promise<void>
  /** Ends it as an operator would, and resolves to the exit code. */
  stop(): Promise<number | null>
}

export async function prepareWhole(): Promise<Whole> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-whole-'))
  const dataDir = join(directory, 'data')
  const configFile = join(directory, 'gatewatch.yaml')
  const policyFile = join(directory, 'policy.yaml')
  await writeFile(policyFile, policy)
  await writeFile(
    configFile,
    [
      `data_dir: ${dataDir}`,
      'admin: { port: 0 }',
      'feedback: { port: 0 }',
      'gateway:',
      `  policy_file: ${policyFile}`,
      '  listen: { port: 0 }',
      '  decision_point: { port: 0 }',
    ].join('\n'),
  )
  const { openDataDir } = await import('../../services/runtime/data-dir.ts')
  const tokens = await openTokens(await openDataDir(dataDir))
  const token = await tokens.create({ name: 'load', scopes: ['decision-point'] })
  return {
    dataDir,
    configFile,
    token,
    start: () => start(configFile),
    release: () => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  }
}

function start(configFile: string): Promise<RunningWhole> {
  const child = spawn(process.execPath, [cli, '--config', configFile, 'up'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return new Promise((resolve, reject) => {
    let said = ''
    const heard = (chunk: Buffer): void => {
      said += chunk.toString()
      const evaluation = /Decisions +(http\S+)/.exec(said)?.[1]
      if (evaluation === undefined) return
      resolve({
        child,
        evaluation,
        async kill() {
          child.kill('SIGKILL')
          await exited
        },
        async stop() {
          child.kill('SIGTERM')
          return exited
        },
      })
    }
    child.stdout.on('data', heard)
    child.stderr.on('data', heard)
    void exited.then((code) => reject(new Error(`up ended with ${code} before it was ready:\n${said}`)))
  })
}

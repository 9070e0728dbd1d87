import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { exitCodeOf, printFault } from './fault.ts'
import type { CliIo } from './io.ts'

/** What a command is handed. Its file imports little and loads the rest in its action: starting stays quick. */
export interface CliContext {
  readonly io: CliIo
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * From `--config` (or GATEWATCH_CONFIG, or ./gatewatch.yaml), variables and
   * global options; throws a ConfigError. `defaults` stand in for the schema's,
   * and `instead` for the file.
   */
  loadConfig(defaults?: Readonly<Record<string, unknown>>, instead?: string): Promise<Config>
  /** Opens data directory, log, metrics and event log, runs, and closes them; what `run` returns is the exit code. */
  withRuntime(run: (runtime: Runtime, config: Config) => Promise<number | void>): Promise<void>
  /** Runs an action and turns a fault into one sentence and an exit code. */
  guard(run: () => Promise<number | void>): Promise<void>
}

/** Variables that begin with GATEWATCH_ and are no settings. */
const RESERVED = ['GATEWATCH_CONFIG', 'GATEWATCH_TOKEN', 'GATEWATCH_URL']

export function createContext(
  program: Command,
  io: CliIo,
  env: Readonly<Record<string, string | undefined>>,
  setExitCode: (code: number) => void,
): CliContext {
  const options = (): Record<string, unknown> => program.opts()
  const text = (name: string): string | undefined => {
    const value = options()[name]
    return typeof value === 'string' ? value : undefined
  }

  async function loadConfig(
    defaults: Readonly<Record<string, unknown>> = {},
    instead?: string,
  ): Promise<Config> {
    const [{ loadConfig: load }, { Config: schema }] = await Promise.all([
      import('../runtime/config.ts'),
      import('../config.ts'),
    ])
    const file =
      instead ??
      text('config') ??
      env['GATEWATCH_CONFIG'] ??
      (existsSync('gatewatch.yaml') ? 'gatewatch.yaml' : undefined)
    const overrides = {
      ...(text('dataDir') === undefined ? {} : { GATEWATCH_DATA_DIR: text('dataDir') }),
      ...(text('logLevel') === undefined ? {} : { GATEWATCH_LOG_LEVEL: text('logLevel') }),
    }
    return load(schema, { file, defaults, env: { ...env, ...overrides }, reserved: RESERVED })
  }

  async function guard(run: () => Promise<number | void>): Promise<void> {
    try {
      const code = await run()
      if (typeof code === 'number') setExitCode(code)
    } catch (error) {
      printFault(error, io, options()['verbose'] === true)
      setExitCode(exitCodeOf(error))
    }
  }

  return {
    io,
    env,
    loadConfig,
    guard,
    withRuntime: (run) =>
      guard(async () => {
        const config = await loadConfig()
        const { openRuntime } = await import('./open-runtime.ts')
        const runtime = await openRuntime(config)
        try {
          return await run(runtime, config)
        } finally {
          await runtime.close()
        }
      }),
  }
}

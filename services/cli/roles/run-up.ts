import { join } from 'node:path'
import type { Config } from '../../config.ts'
import type { Demo } from '../../demo/main.ts'
import { openDataDir } from '../../runtime/data-dir.ts'
import { lockDataDir } from '../../runtime/data-dir-lock.ts'
import { createLifecycle } from '../../runtime/lifecycle.ts'
import type { StopEvent } from '../../runtime/lifecycle.ts'
import { openLogFile } from '../../runtime/log-file.ts'
import { createLogger } from '../../runtime/logger.ts'
import { finishErasures } from '../erase/finish-erasures.ts'
import type { CliIo } from '../io.ts'
import { progressBar } from '../progress-bar.ts'
import { openRuntime } from '../open-runtime.ts'
import { whereThingsAre } from './addresses.ts'
import { loginToken } from './login-token.ts'
import { rightsOf } from './rights.ts'
import type { Role } from './role.ts'
import { startRoles } from './start-roles.ts'

export interface UpOptions {
  readonly roles: readonly Role[]
  readonly demo: boolean
  readonly io: CliIo
}

/**
 * Runs everything until a signal comes. The terminal gets the narrative, the
 * log goes to `gatewatch.log` in the data directory. What was started when a
 * later part fails is stopped again before the fault is told.
 */
export async function runUp(config: Config, { roles, demo: withDemo, io }: UpOptions): Promise<void> {
  const say = (text: string): unknown => io.stdout.write(`${text}\n`)
  const begin = performance.now()
  const dataDir = await openDataDir(config.data_dir)
  const logFile = join(dataDir, 'gatewatch.log')
  const lock = await lockDataDir(dataDir, ['up', ...roles], withDemo ? 'up --demo' : 'up')
  const logger = createLogger({ level: config.log_level, destination: openLogFile(logFile) })
  const lifecycle = createLifecycle(logger)
  let quiet = (): void => {}
  lifecycle.stopOnSignal((event) => {
    quiet()
    say(stopSentence(event, logFile))
  })
  try {
    await lifecycle.start('lock', async () => ({ stop: () => lock.release() }))
    say(`Gatewatch starts in ${dataDir}`)
    await finishErasures(config, dataDir, say)
    const runtime = await openRuntime(config, logger, rightsOf(roles))
    await lifecycle.start('event log', async () => ({ stop: () => runtime.close() }))
    const started = (part: string, ms: number): unknown =>
      say(`  ${part.padEnd(10)} ready in ${(ms / 1000).toFixed(1)} s`)

    let demo: Demo | null = null
    let settled = config
    if (withDemo) {
      const [{ openDemo }, settings] = await Promise.all([
        import('../../demo/main.ts'),
        import('./demo-settings.ts'),
      ])
      const opened = await lifecycle.start('demo', () =>
        openDemo(runtime, config.demo, {
          tenant: config.tenant,
          checkpoints: config.checkpoints,
          gateway_port: config.gateway.listen.port,
        }),
      )
      demo = opened
      settled = settings.withDemo(config, opened)
    }
    const where = await startRoles({ runtime, lifecycle, roles, config: settled, started })
    if (demo) {
      const seedBegin = performance.now()
      const bar = progressBar(io, '  history    {bar} {percentage} %')
      const written = await demo
        .seed({ scored: () => where.scored(), progress: (done, all) => bar.show(done, all) })
        .finally(() => bar.stop())
      if (written > 0) started('history', performance.now() - seedBegin)
    }
    const token = await loginToken(where.tokens)
    say(`Ready after ${((performance.now() - begin) / 1000).toFixed(1)} s.\n`)
    for (const line of whereThingsAre({ config: settled, where, token, demo, logFile })) say(line)
    if (demo) {
      const opened = demo
      const { openTerminal } = await import('../../demo/narrator/terminal.ts')
      const terminal = openTerminal(io.stdout)
      quiet = () => terminal.close()
      await lifecycle.start('people', () =>
        opened.begin({
          terminal,
          console_url: `http://localhost:${where.feedback_port ?? config.feedback.port}`,
          tokens: where.tokens,
        }),
      )
    }
  } catch (error) {
    await lifecycle.stop().catch(() => {})
    logger.error({ err: error }, 'could not start')
    throw error
  }
}

function stopSentence(event: StopEvent, logFile: string): string {
  if (event.kind === 'fault')
    return `\nA fault that nobody caught; everything stops. What it was is in ${logFile}.`
  if (event.kind === 'second-signal') return 'Ended at once. Nothing that was acknowledged is lost.'
  if (event.kind === 'too-slow')
    return 'Something did not stop within 10 s and was ended. Nothing that was acknowledged is lost.'
  return '\nStopping: what is under way is finished. Ctrl-C again ends at once.'
}

import type { Config } from '../../config.ts'
import { openDataDir } from '../../runtime/data-dir.ts'
import { lockDataDir } from '../../runtime/data-dir-lock.ts'
import { createLifecycle } from '../../runtime/lifecycle.ts'
import { createLogger, terminalDestination } from '../../runtime/logger.ts'
import { finishErasures } from '../erase/finish-erasures.ts'
import type { CliIo } from '../io.ts'
import { openRuntime } from '../open-runtime.ts'
import { rightsOf } from './rights.ts'
import type { Role } from './role.ts'
import { startRoles } from './start-roles.ts'

/** Runs roles until a signal comes. What was started when a later one fails is stopped again. */
export async function runRoles(config: Config, roles: readonly Role[], io: CliIo): Promise<void> {
  const dataDir = await openDataDir(config.data_dir)
  const destination = io.stdout.isTTY ? terminalDestination(io.stdout) : process.stdout
  const logger = createLogger({ level: config.log_level, destination })
  const lifecycle = createLifecycle(logger)
  try {
    await lifecycle.start('lock', async () => {
      const lock = await lockDataDir(dataDir, roles, `run ${roles.join(' ')}`)
      return { stop: () => lock.release() }
    })
    await finishErasures(config, dataDir, (text) => logger.info(text))
    const runtime = await openRuntime(config, logger, rightsOf(roles))
    await lifecycle.start('event log', async () => ({ stop: () => runtime.close() }))
    await startRoles({
      runtime,
      lifecycle,
      roles,
      config,
      started: (part, ms) => logger.info({ part, ms: Math.round(ms) }, 'started'),
    })
  } catch (error) {
    await lifecycle.stop().catch(() => {})
    throw error
  }
  lifecycle.stopOnSignal((event) => logger.info({ event: event.kind, signal: event.signal }, 'stopping'))
}

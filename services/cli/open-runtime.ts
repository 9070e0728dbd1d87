import type { DestinationStream } from 'pino'
import type { Config } from '../config.ts'
import { openDataDir } from '../runtime/data-dir.ts'
import { openEmbeddedLog } from '../runtime/log/embedded/embedded-log.ts'
import { createLogger, terminalDestination } from '../runtime/logger.ts'
import { createMetrics } from '../runtime/metrics.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface OpenRuntime extends Runtime {
  close(): Promise<void>
}

/** The one Runtime of a process, from a configuration. Short commands log warnings to the terminal only. */
export async function openRuntime(config: Config, destination?: DestinationStream): Promise<OpenRuntime> {
  const dataDir = await openDataDir(config.data_dir)
  const logger = createLogger(
    destination === undefined
      ? {
          level: config.log_level === 'info' ? 'warn' : config.log_level,
          destination: terminalDestination(process.stderr),
        }
      : { level: config.log_level, destination },
  )
  const eventLog = await openEmbeddedLog({
    directory: dataDir,
    partitions: config.event_log.partitions,
    logger,
  })
  return { dataDir, logger, metrics: createMetrics(), eventLog, close: () => eventLog.close() }
}

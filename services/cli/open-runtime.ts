import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { openDataDir } from '../runtime/data-dir.ts'
import { openEmbeddedLog } from '../runtime/log/embedded/embedded-log.ts'
import { logMetrics } from '../runtime/log/log-metrics.ts'
import { measuredLog } from '../runtime/log/measured-log.ts'
import { createLogger, terminalDestination } from '../runtime/logger.ts'
import { createMetrics } from '../runtime/metrics.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface OpenRuntime extends Runtime {
  close(): Promise<void>
}

/** The one Runtime of a process. Without a logger (short commands), warnings go to the terminal. */
export async function openRuntime(config: Config, logger?: Logger): Promise<OpenRuntime> {
  const dataDir = await openDataDir(config.data_dir)
  const used =
    logger ??
    createLogger({ level: quieter(config.log_level), destination: terminalDestination(process.stderr) })
  const metrics = createMetrics()
  const eventLog = await openEmbeddedLog({
    directory: join(dataDir, 'log'),
    partitions: config.event_log.partitions,
    logger: used,
    metrics: logMetrics(metrics),
    retention: { max_bytes: config.event_log.max_bytes },
  })
  return {
    dataDir,
    logger: used,
    metrics,
    eventLog: measuredLog(eventLog, metrics),
    close: () => eventLog.close(),
  }
}

function quieter(level: Config['log_level']): Config['log_level'] {
  return level === 'info' ? 'warn' : level
}

import { join } from 'node:path'
import type { Logger } from 'pino'
import { topics } from '../../schemas/topics.ts'
import type { Config } from '../config.ts'
import { openDataDir } from '../runtime/data-dir.ts'
import { erasingLog } from '../runtime/erasures/erasing-log.ts'
import { erasureSecret } from '../runtime/erasures/secret.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import type { LogRights } from '../runtime/log/kafka/admin/rights.ts'
import { logMetrics } from '../runtime/log/log-metrics.ts'
import type { LogMetrics } from '../runtime/log/log-metrics.ts'
import { measuredLog } from '../runtime/log/measured-log.ts'
import { createLogger, terminalDestination } from '../runtime/logger.ts'
import { createMetrics } from '../runtime/metrics.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface OpenRuntime extends Runtime {
  close(): Promise<void>
}

/**
 * The one Runtime of a process. Without a logger (short commands), warnings go to
 * the terminal. With `rights`, a Kafka that does not grant them refuses the start.
 */
export async function openRuntime(config: Config, logger?: Logger, rights?: LogRights): Promise<OpenRuntime> {
  const { eventLog, ...runtime } = await openRawRuntime(config, logger, rights)
  const secret = () => erasureSecret(runtime.dataDir, config.erasure)
  return { ...runtime, eventLog: measuredLog(erasingLog(eventLog, secret), runtime.metrics) }
}

/** The same with the log as it lies, erased persons included: for who erases them. */
export async function openRawRuntime(
  config: Config,
  logger?: Logger,
  rights?: LogRights,
): Promise<OpenRuntime> {
  const dataDir = await openDataDir(config.data_dir)
  const used =
    logger ??
    createLogger({ level: quieter(config.log_level), destination: terminalDestination(process.stderr) })
  const metrics = createMetrics()
  const eventLog = await openEventLog(config, { dataDir, logger: used, metrics: logMetrics(metrics), rights })
  return {
    dataDir,
    logger: used,
    metrics,
    eventLog,
    close: () => eventLog.close(),
  }
}

/**
 * The log that the configuration names: Kafka's topics are created and checked before anything uses them. By itself
 * for whoever is at work on a data directory that nobody else may open yet.
 */
export async function openEventLog(
  config: Config,
  parts: {
    readonly dataDir: string
    readonly logger: Logger
    readonly metrics: LogMetrics
    readonly rights: LogRights | undefined
    /** How long an append waits for Kafka; a command on which a person waits has more patience than a gateway. */
    readonly append_wait_ms?: number
  },
): Promise<EventLog> {
  const { dataDir, logger, metrics, append_wait_ms } = parts
  if (config.kafka !== undefined) {
    const [{ checkKafka }, { openKafkaLog }] = await Promise.all([
      import('../runtime/log/kafka/admin/admin.ts'),
      import('../runtime/log/kafka/kafka-log.ts'),
    ])
    await checkKafka(config.kafka, logger, topics, parts.rights)
    return openKafkaLog({
      config: config.kafka,
      logger,
      metrics,
      session_ms: config.kafka.session_timeout,
      ...(append_wait_ms !== undefined && { append_wait_ms }),
    })
  }
  const { openEmbeddedLog } = await import('../runtime/log/embedded/embedded-log.ts')
  return openEmbeddedLog({
    directory: join(dataDir, 'log'),
    partitions: config.event_log.partitions,
    logger,
    metrics,
    retention: { max_bytes: config.event_log.max_bytes },
  })
}

function quieter(level: Config['log_level']): Config['log_level'] {
  return level === 'info' ? 'warn' : level
}

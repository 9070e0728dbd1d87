import { join } from 'node:path'
import pino from 'pino'
import { topics } from '../../../schemas/topics.ts'
import { checkKafka } from '../../runtime/log/kafka/admin/admin.ts'
import type { KafkaConfig } from '../../runtime/log/kafka/config.ts'
import { openKafkaLog } from '../../runtime/log/kafka/kafka-log.ts'
import { openEmbeddedLog } from '../../runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { openBenchKafka } from './kafka-cluster.ts'

/** A log to measure on, as another process can open it as well. */
export type BenchLog = { readonly directory: string } | { readonly kafka: KafkaConfig }

/** Opens it, with topics where there are none. */
export async function openBenchLog(which: BenchLog): Promise<EventLog> {
  if ('directory' in which) return openEmbeddedLog({ directory: which.directory })
  const logger = pino({ level: 'warn' })
  await checkKafka(which.kafka, logger, topics)
  return openKafkaLog({ config: which.kafka, logger })
}

/** A fresh log of either driver; Kafka's broker, if it is ours, ends with `close`. */
export async function freshBenchLog(
  driver: 'embedded' | 'kafka',
  directory: string,
): Promise<{ readonly which: BenchLog; readonly close: () => Promise<void> }> {
  if (driver === 'embedded') return { which: { directory: join(directory, 'log') }, close: async () => {} }
  const kafka = await openBenchKafka(directory)
  return { which: { kafka: kafka.fresh() }, close: () => kafka.close() }
}

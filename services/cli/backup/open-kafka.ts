import type { Logger } from 'pino'
import { topics } from '../../../schemas/topics.ts'
import type { Config } from '../../config.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { logMetrics } from '../../runtime/log/log-metrics.ts'
import { createMetrics } from '../../runtime/metrics.ts'

/** The log of a deployment on Kafka by itself: a restore has no data directory to open yet. */
export async function openKafka(kafka: NonNullable<Config['kafka']>, logger: Logger): Promise<EventLog> {
  const [{ checkKafka }, { openKafkaLog }] = await Promise.all([
    import('../../runtime/log/kafka/admin/admin.ts'),
    import('../../runtime/log/kafka/kafka-log.ts'),
  ])
  await checkKafka(kafka, logger, topics)
  return openKafkaLog({ config: kafka, logger, metrics: logMetrics(createMetrics()) })
}

import type { LogTopic } from '../../../schemas/topics.ts'
import { topics } from '../../../schemas/topics.ts'
import type { Config } from '../../config.ts'

export interface TopicRow {
  readonly topic: LogTopic
  /** What the log calls it: on Kafka behind `kafka.topic_prefix`. */
  readonly name: string
  /** Null: it does not exist. */
  readonly partitions: number | null
  readonly records: number
  /** In what it is not as the catalogue says; one sentence each. */
  readonly differences: readonly string[]
}

export interface TopicRows {
  readonly rows: readonly TopicRow[]
  /** Throws one sentence when a process could not start on these topics. */
  assert(): void
}

/** Every topic of the catalogue as the configured log has it. `create` makes what Kafka misses. */
export function topicRows(config: Config, create: boolean): Promise<TopicRows> {
  return config.kafka === undefined ? embeddedRows(config) : kafkaRows(config.kafka, create, config)
}

/** The embedded log's topics come into being with their first record: there is nothing to create. */
async function embeddedRows(config: Config): Promise<TopicRows> {
  const { openRuntime } = await import('../open-runtime.ts')
  const runtime = await openRuntime(config)
  try {
    const rows: TopicRow[] = []
    for (const topic of topics) {
      const marks = await runtime.eventLog.watermarks(topic)
      const records = marks.reduce((sum, { low, high }) => sum + high - low, 0)
      rows.push({ topic, name: topic.name, partitions: marks.length, records, differences: [] })
    }
    return { rows, assert: () => {} }
  } finally {
    await runtime.close()
  }
}

async function kafkaRows(
  kafka: NonNullable<Config['kafka']>,
  create: boolean,
  config: Config,
): Promise<TopicRows> {
  const [{ withAdmin }, { connectKafka }, { assertTopics, prefixed, surveyTopics }, { createLogger }] =
    await Promise.all([
      import('../../runtime/log/kafka/admin/admin.ts'),
      import('../../runtime/log/kafka/client/connect.ts'),
      import('../../runtime/log/kafka/admin/topics.ts'),
      import('../../runtime/logger.ts'),
    ])
  const logger = createLogger({ level: config.log_level === 'info' ? 'warn' : config.log_level })
  const client = await connectKafka(kafka, logger)
  return withAdmin(client, kafka, async (admin) => {
    const states = await surveyTopics(admin, kafka, topics, create)
    const rows = await Promise.all(
      states.map(async ({ topic, partitions, differences }): Promise<TopicRow> => {
        const name = prefixed(kafka, topic.name)
        const marks = partitions === null ? [] : await admin.fetchTopicOffsets(name)
        // Offsets of Kafka also number a transaction's end marks: this counts a little more than records.
        const records = marks.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
        return { topic, name, partitions, records, differences: differences.map(({ sentence }) => sentence) }
      }),
    )
    return { rows, assert: () => assertTopics(states, kafka) }
  })
}

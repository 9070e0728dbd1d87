import type { Admin, Kafka } from 'kafkajs'
import type { Logger } from 'pino'
import type { LogTopic } from '../../../../../schemas/topics.ts'
import type { KafkaConfig } from '../config.ts'
import { connectKafka } from '../client/connect.ts'
import { kafkaFault } from '../faults.ts'
import { checkRights, type LogRights } from './rights.ts'
import { assertTopics, surveyTopics } from './topics.ts'

/** Tries of a request while a command waits or a process starts: a person looks on. Some two seconds. */
const QUICK_RETRY = {
  initialRetryTime: 100,
  maxRetryTime: 1000,
  factor: 0.2,
  multiplier: 2,
  retries: 4,
}

/** Runs with a connected admin client and disconnects it; what fails is one sentence (`kafkaFault`). */
export async function withAdmin<T>(
  kafka: Kafka,
  config: KafkaConfig,
  run: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    return await run(admin)
  } catch (error) {
    throw kafkaFault(error, config)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

/**
 * Before anything starts: brokers reached, user accepted, topics there and as
 * the catalogue says. Creates what is missing unless `kafka.create_topics`
 * forbids it. With `rights`, also that our user may do all of that. Throws one
 * sentence otherwise.
 */
export async function checkKafka(
  config: KafkaConfig,
  logger: Logger,
  topics: readonly LogTopic[],
  rights?: LogRights,
): Promise<void> {
  const kafka = await connectKafka(config, logger, QUICK_RETRY)
  await withAdmin(kafka, config, async (admin) => {
    // First, since whoever may not see a topic takes it for missing.
    if (rights !== undefined) await checkRights(kafka, config, topics, rights)
    const states = await surveyTopics(admin, config, topics, config.create_topics)
    assertTopics(states, config)
    for (const { differences } of states)
      for (const { sentence, fatal } of differences) if (!fatal) logger.warn(sentence)
  })
}

import { randomUUID } from 'node:crypto'
import type { LogTopic } from '../../../schemas/topics.ts'
import { withAdmin } from '../../../services/runtime/log/kafka/admin/admin.ts'
import { KafkaConfig } from '../../../services/runtime/log/kafka/config.ts'
import { connectKafka } from '../../../services/runtime/log/kafka/client/connect.ts'
import { openKafkaLog, type KafkaLogOptions } from '../../../services/runtime/log/kafka/kafka-log.ts'
import { surveyTopics } from '../../../services/runtime/log/kafka/admin/topics.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { createLogger } from '../../../services/runtime/logger.ts'

export interface TestLogOptions extends Partial<KafkaLogOptions> {
  readonly brokers: readonly string[]
  readonly prefix: string
  readonly partitions?: number
}

/** A prefix of its own, so that tests share a broker and nothing else. */
export function newPrefix(): string {
  return `t-${randomUUID().slice(0, 13)}`
}

/**
 * A client whose topics appear when they are first used, and whose dead members are noticed within seconds. A
 * broker that is busy is waited for.
 */
export async function openTestLog({
  brokers,
  prefix,
  partitions = 4,
  ...rest
}: TestLogOptions): Promise<EventLog> {
  const config = KafkaConfig.parse({ brokers, topic_prefix: prefix, partitions, ...rest.config })
  const logger = rest.logger ?? createLogger({ level: 'silent' })
  return await openKafkaLog({
    session_ms: 2_000,
    append_wait_ms: 60_000,
    ...rest,
    config,
    logger,
    prepare: (topic) => createTopics(config, [topic]),
  })
}

export async function createTopics(config: KafkaConfig, topics: readonly LogTopic[]): Promise<void> {
  const logger = createLogger({ level: 'silent' })
  const kafka = await connectKafka(config, logger)
  await withAdmin(kafka, config, (admin) => surveyTopics(admin, config, topics, true))
}

/** How a child process opens the log; the argument is JSON of brokers and prefix. */
export function openForChild(argument: string): Promise<EventLog> {
  const { brokers, prefix }: { brokers: string[]; prefix: string } = JSON.parse(argument)
  return openTestLog({ brokers, prefix, append_wait_ms: 3_000 })
}

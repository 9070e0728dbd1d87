import type { Logger } from 'pino'
import type { LogTopic } from '../../../../../schemas/topics.ts'
import { withAdmin } from './admin.ts'
import type { KafkaConfig } from '../config.ts'
import { connectKafka } from '../client/connect.ts'
import { namesOf } from '../names.ts'

/** Deletes the oldest records of topics before their time has come (KIP-107), for everybody. */
export interface RecordDeletion {
  /**
   * Groups of any program, as far as our user may see them, that have read something of the topic and not yet all
   * before these offsets.
   */
  behind(topic: LogTopic, before: ReadonlyMap<number, number>): Promise<readonly string[]>
  /**
   * Nobody can read a record before these offsets from here on. A broker frees the room once a whole segment lies
   * before them, and closes a segment after `segment.ms`.
   */
  deleteBefore(topic: LogTopic, before: ReadonlyMap<number, number>): Promise<void>
}

/**
 * Runs with an admin client. Needs DELETE on the topics, and DESCRIBE on the cluster and every group: see
 * `checkDeletionRights`, to be asked before anything is done.
 */
export async function withRecordDeletion<T>(
  config: KafkaConfig,
  logger: Logger,
  run: (deletion: RecordDeletion) => Promise<T>,
): Promise<T> {
  const kafka = await connectKafka(config, logger)
  const names = namesOf(config)
  return withAdmin(kafka, config, (admin) =>
    run({
      async behind(topic, before) {
        const { groups } = await admin.listGroups()
        const late: string[] = []
        for (const { groupId } of groups) {
          const [read] = await admin.fetchOffsets({ groupId, topics: [names.topic(topic)] })
          const at = (read?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0)
          if (at.some(({ partition, offset }) => Number(offset) < (before.get(partition) ?? 0)))
            late.push(groupId)
        }
        return late.toSorted()
      },
      async deleteBefore(topic, before) {
        const name = names.topic(topic)
        // kafkajs looks for the leaders before it has asked who they are; this asks.
        await admin.fetchTopicOffsets(name)
        await admin.deleteTopicRecords({
          topic: name,
          partitions: [...before].map(([partition, offset]) => ({ partition, offset: String(offset) })),
        })
      },
    }),
  )
}

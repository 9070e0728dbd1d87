import type { LogTopic } from '../../../../schemas/topics.ts'
import type { KafkaConfig } from './config.ts'
import { partitionsOf, prefixed } from './admin/topics.ts'

/** What things are called on Kafka: our names behind the operator's prefix, by which access is granted. */
export interface Names {
  topic(topic: LogTopic): string
  group(group: string): string
  /** Of transactional ids: one right on the prefix covers them all. */
  transaction(of: string): string
  partitions(topic: LogTopic): number
}

export function namesOf(config: KafkaConfig): Names {
  return {
    topic: ({ name }) => prefixed(config, name),
    group: (group) => prefixed(config, group),
    transaction: (of) => prefixed(config, `gatewatch.${of}`),
    partitions: (topic) => partitionsOf(config, topic),
  }
}

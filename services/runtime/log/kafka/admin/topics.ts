import kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import { isDeadLetter, type LogTopic } from '../../../../../schemas/topics.ts'
import { GatewatchError } from '../../../errors.ts'
import type { KafkaConfig } from '../config.ts'
import { createTopics } from './create-topics.ts'

/** A message of 5 MB must get in: it is the consumer that puts it aside, with a reason. */
const MAX_MESSAGE_BYTES = 8_388_608
/**
 * Of a dead-letter topic: a message as large as its topic takes, unpacked if it was compressed, with the headers that
 * say why. `deadLetterRecord` cuts what is beyond that.
 */
const MAX_DEAD_LETTER_BYTES = 17 * 1024 * 1024
const HOUR_MS = 3_600_000

/** What the brokers call a topic, a group or a transaction of ours. */
export function prefixed(config: KafkaConfig, name: string): string {
  return `${config.topic_prefix ?? ''}${name}`
}

/** How many partitions a topic has on Kafka. */
export function partitionsOf(config: KafkaConfig, topic: LogTopic): number {
  return topic.partitions === 1 ? 1 : config.partitions
}

/** What a broker is told about a topic, by the names of Kafka's own settings. */
function topicSettings(topic: LogTopic, replicas: number): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': topic.compacted ? 'compact' : 'delete',
    // A tombstone stays a week: a reader that was away for less learns of every removal.
    ...(topic.compacted
      ? { 'delete.retention.ms': String(168 * HOUR_MS), 'max.compaction.lag.ms': String(24 * HOUR_MS) }
      : { 'retention.ms': String(topic.retention_ms), 'segment.ms': String(segmentMs(topic)) }),
    'max.message.bytes': String(isDeadLetter(topic) ? MAX_DEAD_LETTER_BYTES : MAX_MESSAGE_BYTES),
    // An acknowledgement means two copies, where there are three.
    'min.insync.replicas': replicas >= 3 ? '2' : '1',
    // Retention and `appended_ms` go by the log's clock, never by a producer's.
    'message.timestamp.type': 'LogAppendTime',
  }
}

/** A segment is deleted whole: small ones keep retention near to what was promised. */
function segmentMs({ retention_ms }: LogTopic): number {
  return Math.max(HOUR_MS, Math.min(24 * HOUR_MS, Math.floor(retention_ms / 7)))
}

/** What a topic of the catalogue is like on the cluster. */
export interface TopicState {
  readonly topic: LogTopic
  /** Null: it does not exist. */
  readonly partitions: number | null
  /** What differs from the catalogue; `fatal` differences keep a process from starting. */
  readonly differences: readonly { readonly sentence: string; readonly fatal: boolean }[]
}

/** Looks at each topic, and creates what is missing when `create` is set. */
export async function surveyTopics(
  admin: Admin,
  config: KafkaConfig,
  topics: readonly LogTopic[],
  create: boolean,
): Promise<TopicState[]> {
  const { brokers } = await admin.describeCluster()
  const replicas = config.replication_factor ?? Math.min(3, brokers.length)
  if (replicas > brokers.length)
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `kafka.replication_factor is ${replicas} and the cluster has ${brokers.length} brokers; set it to ${brokers.length} or add brokers.`,
    )
  let there = new Set(await admin.listTopics())
  if (create) {
    const missing = topics.filter(({ name }) => !there.has(prefixed(config, name)))
    await createTopics(
      admin,
      missing.map((topic) => ({
        name: prefixed(config, topic.name),
        partitions: partitionsOf(config, topic),
        replicas,
        settings: topicSettings(topic, replicas),
      })),
    )
    there = new Set(await admin.listTopics())
  }
  const present = topics.filter(({ name }) => there.has(prefixed(config, name)))
  const [partitions, settings] = await Promise.all([
    partitionCounts(admin, config, present),
    settingsOf(admin, config, present),
  ])
  return topics.map((topic) => {
    const name = prefixed(config, topic.name)
    const found = partitions.get(name)
    if (found === undefined) return { topic, partitions: null, differences: [] }
    const wanted = topicSettings(topic, replicas)
    return {
      topic,
      partitions: found,
      differences: differences(config, topic, found, wanted, settings.get(name)),
    }
  })
}

/** Throws one sentence when a topic is missing or unusable. */
export function assertTopics(states: readonly TopicState[], config: KafkaConfig): void {
  const missing = states.filter(({ partitions }) => partitions === null)
  const [first] = missing
  if (first)
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `${missing.length} topics are missing on Kafka, ${prefixed(config, first.topic.name)} first; run 'gatewatch topics --create'.`,
    )
  for (const { differences } of states)
    for (const { sentence, fatal } of differences)
      if (fatal) throw new GatewatchError('ERR_CONFIG_INVALID', sentence)
}

async function partitionCounts(
  admin: Admin,
  config: KafkaConfig,
  topics: readonly LogTopic[],
): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map()
  const found = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => prefixed(config, name)) })
  return new Map(found.topics.map(({ name, partitions }) => [name, partitions.length]))
}

type Settings = ReadonlyMap<string, string>

async function settingsOf(
  admin: Admin,
  config: KafkaConfig,
  topics: readonly LogTopic[],
): Promise<Map<string, Settings>> {
  if (topics.length === 0) return new Map()
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: prefixed(config, name),
    })),
  })
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  )
}

function differences(
  config: KafkaConfig,
  topic: LogTopic,
  partitions: number,
  wanted: Readonly<Record<string, string>>,
  found: Settings = new Map(),
): TopicState['differences'] {
  const name = prefixed(config, topic.name)
  const list: { sentence: string; fatal: boolean }[] = []
  const expected = partitionsOf(config, topic)
  if (partitions !== expected)
    list.push({
      sentence:
        topic.partitions === 1
          ? `Topic ${name} has ${partitions} partitions and must have one; delete it, or set kafka.topic_prefix to start beside it.`
          : `Topic ${name} has ${partitions} partitions and must have ${expected}; set kafka.partitions to ${partitions} if all have as many, or kafka.topic_prefix to start beside it.`,
      fatal: true,
    })
  for (const [setting, value] of Object.entries(wanted)) {
    const is = found.get(setting)
    if (is === undefined || is === value) continue
    list.push({
      sentence: `Topic ${name} has ${setting}=${is} and must have ${value}; change it with kafka-configs, or delete the topic while it is empty.`,
      // The others cost durability or space; a wrong clean-up loses what must be kept, or keeps what must go.
      fatal: setting === 'cleanup.policy',
    })
  }
  return list
}

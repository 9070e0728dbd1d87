import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from 'kafkajs'

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly replicas: number
  readonly settings: Readonly<Record<string, string>>
}

const CREATE_MS = 30_000
/** Hundreds of partitions on a busy machine: a broker makes a directory and some files for each. */
const LED_MS = 60_000

/**
 * Creates topics and waits until every partition's leader answers for it. Another process
 * may create the same at the same moment: that is no fault.
 */
export async function createTopics(admin: Admin, topics: readonly NewTopic[]): Promise<void> {
  if (topics.length === 0) return
  await admin.createTopics({
    // kafkajs asks for leaders at once and takes "unknown topic" for an end: a KRaft broker learns of a new topic a moment later.
    waitForLeaders: false,
    timeout: CREATE_MS,
    topics: topics.map(({ name, partitions, replicas, settings }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: replicas,
      configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
    })),
  })
  const names = topics.map(({ name }) => name)
  for (const deadline = Date.now() + LED_MS; !(await areLed(admin, names)); await sleep(100))
    if (Date.now() > deadline) throw new Error('the new topics have no leader yet')
}

async function areLed(admin: Admin, names: string[]): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: names })
    if (!topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return false
    // A leader that is named may not know of it yet: only its own answer counts.
    for (const name of names) await admin.fetchTopicOffsets(name)
    return true
  } catch (error) {
    if (error instanceof Error && 'retriable' in error && error.retriable === true) return false
    throw error
  }
}

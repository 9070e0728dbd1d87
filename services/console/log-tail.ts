import type { EventLog } from '../runtime/log/event-log.ts'
import { readRecord } from '../runtime/log/json-record.ts'
import type { Topic } from '../../schemas/topics.ts'

/** The consumer group of the storage worker: what it has committed is in the store. */
export const STORAGE = 'storage'

/** Records of one topic that are looked through at most, the newest. */
const MOST_RECORDS = 50_000

/**
 * Looks through what the log holds and the store does not hold yet: the records
 * from the storage group's offset on. So a decision is explained the moment it
 * was made, and while the store is down. `needle` is looked for in the bytes
 * first, so that only what may match is parsed.
 */
export async function searchTail<T>(
  eventLog: EventLog,
  topic: Topic<T>,
  group: string,
  needle: string,
  found: (value: T) => boolean,
): Promise<T[]> {
  const bytes = Buffer.from(needle)
  const stored = await eventLog.committed(group, topic)
  const marks = await eventLog.watermarks(topic)
  const each = Math.ceil(MOST_RECORDS / Math.max(1, marks.length))
  const matches: T[] = []
  for (const { partition, low, high } of marks) {
    const from = Math.max(low, stored.get(partition) ?? low, high - each)
    if (from >= high) continue
    for await (const records of eventLog.read(topic, { partition, from, to: high })) {
      for (const record of records) {
        if (
          record.value === null ||
          Buffer.from(record.value.buffer, record.value.byteOffset, record.value.length).indexOf(bytes) < 0
        )
          continue
        const value = readRecord(topic.schema, record)
        if (value !== undefined && found(value)) matches.push(value)
      }
    }
  }
  return matches
}

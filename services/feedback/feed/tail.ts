import type { LogTopic } from '../../../schemas/topics.ts'
import type { EventLog, LogRecord } from '../../runtime/log/event-log.ts'
import type { Position } from './position.ts'

/** A record, and the place just behind it. */
export interface Placed {
  readonly record: LogRecord
  readonly partition: number
}

/** Where a topic ends now. */
export async function endOf(eventLog: EventLog, topic: LogTopic): Promise<number[]> {
  const ends = Array.from({ length: eventLog.partitions(topic) }, () => 0)
  for (const { partition, high } of await eventLog.watermarks(topic)) ends[partition] = high
  return ends
}

/**
 * Reads everything between two places, partition by partition. Records of one
 * key stay in order, since a key has one partition. The caller moves its place
 * along, in the same step as it acts on the record.
 */
export async function* readBetween(
  eventLog: EventLog,
  topic: LogTopic,
  from: Position,
  to: Position,
): AsyncGenerator<Placed> {
  for (const [partition, end] of to.entries()) {
    const begin = from[partition] ?? 0
    if (begin >= end) continue
    for await (const records of eventLog.read(topic, { partition, from: begin, to: end }))
      for (const record of records) yield { record, partition }
  }
}

import type { Erasure } from '../../schemas/erasure.ts'
import { topics, type LogTopic } from '../../schemas/topics.ts'
import type { EventLog, LogRecord, OutRecord } from '../runtime/log/event-log.ts'
import type { Rewritten } from '../runtime/log/embedded/rewrite.ts'
import type { Places } from './delete-records.ts'
import { everyRecord } from './every-record.ts'
import { fateOf } from './treat.ts'
import type { Names } from './person.ts'

/** The treatment of records, as the embedded log takes it. */
export function rewriteFor(names: Names, nowMs: number): (topic: string, record: LogRecord) => Rewritten {
  return (topic, record) => fateOf(topic, record, names, nowMs)
}

/** How many records of each topic name the person; nothing is changed. */
export async function countRecords(
  eventLog: EventLog,
  names: Names,
  nowMs: number,
  told: (done: number, all: number) => void,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for await (const { topic, record } of everyRecord(eventLog, topics, told))
    if (fateOf(topic.name, record, names, nowMs) !== 'keep')
      counts[topic.name] = (counts[topic.name] ?? 0) + 1
  return counts
}

/**
 * A log whose records can't be changed (Kafka). Compacted topics get a record
 * without the person, or a tombstone, under the same key in the same partition;
 * the cleaner then removes what was there (`segment.ms`, `min.cleanable.dirty.ratio`,
 * `delete.retention.ms` say when). Topics kept by time can only expire: what of
 * them is left is told, with its day.
 *
 * Repeating it writes nothing twice: a key whose newest record is clean is left.
 *
 * @returns also where what is left lies (`delete-records.ts`)
 */
export async function eraseByAppending(
  eventLog: EventLog,
  names: Names,
  nowMs: number,
  told: (done: number, all: number) => void,
  within: readonly LogTopic[] = topics,
): Promise<{ counts: Record<string, number>; remaining: Erasure['remaining']; places: Places }> {
  const counts: Record<string, number> = {}
  const places = new Map<LogTopic, Map<number, number>>()
  const remaining = new Map<string, { records: number; newest: number; topic: LogTopic }>()
  /** By topic, partition and key: only the newest record of a key is answered. */
  const answers = new Map<string, OutRecord | undefined>()
  for await (const { topic, partition, record } of everyRecord(eventLog, within, told)) {
    const fate = fateOf(topic.name, record, names, nowMs)
    if (topic.compacted) {
      const place = `${topic.name}/${partition}/${record.key}`
      if (fate === 'keep') answers.delete(place)
      else if (fate === 'remove' && record.value === null) answers.delete(place)
      else
        answers.set(place, {
          topic,
          key: record.key,
          value: fate === 'remove' ? null : fate.value,
          partition,
          ...(fate !== 'remove' && { headers: fate.headers }),
        })
    } else if (fate !== 'keep') {
      const left = remaining.get(topic.name) ?? { records: 0, newest: 0, topic }
      left.records += 1
      left.newest = Math.max(left.newest, record.appended_ms)
      remaining.set(topic.name, left)
      places.set(topic, (places.get(topic) ?? new Map<number, number>()).set(partition, record.offset + 1))
    }
  }
  for (const answer of answers.values()) {
    if (answer === undefined) continue
    await eventLog.append([answer])
    counts[answer.topic.name] = (counts[answer.topic.name] ?? 0) + 1
  }
  return {
    counts,
    places,
    remaining: [...remaining].map(([name, { records, newest, topic }]) => ({
      topic: name,
      records,
      until: new Date(newest + topic.retention_ms).toISOString(),
    })),
  }
}

import type { LogTopic } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'

/**
 * An offset at or before the first record that the log took at `atMs` or later,
 * found by halving: some thirty reads of one record. Nothing rests on the log's
 * clock never going back: whoever reads from there on passes over what is too early.
 */
export async function offsetAt(
  eventLog: EventLog,
  topic: LogTopic,
  partition: number,
  atMs: number,
): Promise<number> {
  const marks = (await eventLog.watermarks(topic)).find((each) => each.partition === partition)
  let low = marks?.low ?? 0
  let high = marks?.high ?? 0
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const found = await firstFrom(eventLog, topic, partition, middle, high)
    if (found === undefined || found.appended_ms >= atMs) high = middle
    else low = found.offset + 1
  }
  return low
}

/** Offsets may be missing: a transaction's own marks, and what was compacted away. */
async function firstFrom(eventLog: EventLog, topic: LogTopic, partition: number, from: number, to: number) {
  for await (const [first] of eventLog.read(topic, { partition, from, to, max_records: 1 }))
    if (first !== undefined) return first
  return undefined
}

import type { LogTopic } from '../../../schemas/topics.ts'
import type { Batch, OutRecord } from '../../../services/runtime/log/event-log.ts'

/** A handler that copies every record, into the partition that it came from. */
export function copyTo(topic: LogTopic): (batch: Batch) => OutRecord[] {
  return (batch) =>
    batch.parts.flatMap(({ partition, records }) =>
      records.map(({ key, value }) => ({
        topic,
        key,
        value: value === null ? null : Buffer.from(value),
        partition,
      })),
    )
}

/** What must be the same when a pinned batch comes again. */
export function described(batch: Batch): { token: string; ranges: number[][] } {
  return {
    token: batch.token,
    ranges: batch.parts.map(({ partition, first_offset, last_offset }) => [
      partition,
      first_offset,
      last_offset,
    ]),
  }
}

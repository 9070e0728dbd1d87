import type { LogTopic } from '../../schemas/topics.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog, PartitionRecords } from '../runtime/log/event-log.ts'

/**
 * Reads a topic from its beginning, a partition after the other.
 *
 * @param until offset after the last record, by partition; default all that is there
 * @throws GatewatchError `ERR_REPLAY_CUT` when retention has cut the beginning off: state from nowhere would give
 *   other findings.
 */
export async function* readWhole(
  eventLog: EventLog,
  topic: LogTopic,
  until?: ReadonlyMap<number, number>,
): AsyncIterable<PartitionRecords> {
  for (const { partition, low, high } of await eventLog.watermarks(topic)) {
    if (low > 0) {
      throw new GatewatchError(
        'ERR_REPLAY_CUT',
        `${topic.name}, partition ${partition}, is kept from offset ${low} on: only what is there from the beginning can be replayed.`,
      )
    }
    const to = until === undefined ? high : (until.get(partition) ?? 0)
    for await (const records of eventLog.read(topic, { partition, to })) {
      const [head] = records
      const tail = records.at(-1)
      if (head === undefined || tail === undefined) continue
      yield { topic, partition, records, first_offset: head.offset, last_offset: tail.offset }
    }
  }
}

import type { LogTopic } from '../../schemas/topics.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog, PartitionRecords } from '../runtime/log/event-log.ts'

/** State is packed once a batch: larger ones than a worker's cost less, and give the same. */
const BATCH = 5000

/** Where a topic is read, by partition. */
export interface ReadBounds {
  /** Offset after the last record; default all that is there, and nothing of a partition that is not named. */
  readonly until?: ReadonlyMap<number, number> | undefined
  /** First offset, where the state of before is known; default the very beginning. */
  readonly from?: ReadonlyMap<number, number> | undefined
}

/**
 * Reads a topic, a partition after the other.
 *
 * @throws GatewatchError `ERR_REPLAY_CUT` when retention has cut the beginning off: state from nowhere would give
 *   other findings.
 */
export async function* readWhole(
  eventLog: EventLog,
  topic: LogTopic,
  bounds: ReadBounds = {},
): AsyncIterable<PartitionRecords> {
  for (const lane of await readLanes(eventLog, topic, bounds)) yield* lane
}

/** The same, each partition by itself. */
export async function readLanes(
  eventLog: EventLog,
  topic: LogTopic,
  { until, from }: ReadBounds = {},
): Promise<AsyncIterable<PartitionRecords>[]> {
  const marks = await eventLog.watermarks(topic)
  return marks.map(({ partition, low, high }) => {
    const first = from?.get(partition) ?? 0
    if (low > first) {
      throw new GatewatchError(
        'ERR_REPLAY_CUT',
        `${topic.name}, partition ${partition}, is kept from offset ${low} on: only what is there from the beginning, or from a snapshot of the state on, can be replayed.`,
      )
    }
    const to = until === undefined ? high : (until.get(partition) ?? 0)
    return readPartition(eventLog, topic, partition, first, to)
  })
}

async function* readPartition(
  eventLog: EventLog,
  topic: LogTopic,
  partition: number,
  from: number,
  to: number,
): AsyncIterable<PartitionRecords> {
  if (from >= to) return
  for await (const records of eventLog.read(topic, { partition, from, to, max_records: BATCH })) {
    const [head, tail] = [records[0], records.at(-1)]
    if (head === undefined || tail === undefined) continue
    yield { topic, partition, records, first_offset: head.offset, last_offset: tail.offset }
  }
}

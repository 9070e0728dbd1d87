import type { LogRecord, PartitionRecords } from '../../runtime/log/event-log.ts'

/** How far ahead of the others a partition may be read: near to how workers went on beside each other; less would cost a batch's work for a few records. */
const AHEAD_MS = 10_000

interface Lane {
  readonly parts: AsyncIterator<PartitionRecords>
  part: PartitionRecords | undefined
  at: number
}

/** Reads the partitions of a topic beside each other, in the order in which the log took their records, to ten seconds. */
export async function* readMerged(
  partitions: readonly AsyncIterable<PartitionRecords>[],
): AsyncGenerator<PartitionRecords> {
  const lanes: Lane[] = []
  for (const partition of partitions) {
    const lane: Lane = { parts: partition[Symbol.asyncIterator](), part: undefined, at: 0 }
    await advance(lane)
    lanes.push(lane)
  }
  for (;;) {
    const waiting = lanes.filter(({ part }) => part !== undefined).sort((a, b) => headMs(a) - headMs(b))
    const [lane, other] = waiting
    if (lane?.part === undefined) return
    const untilMs = other === undefined ? Infinity : headMs(other) + AHEAD_MS
    const { part } = lane
    const end = part.records.findIndex(({ appended_ms }, index) => index > lane.at && appended_ms > untilMs)
    yield cut(part, part.records.slice(lane.at, end === -1 ? undefined : end))
    if (end === -1) await advance(lane)
    else lane.at = end
  }
}

async function advance(lane: Lane): Promise<void> {
  const next = await lane.parts.next()
  lane.part = next.done === true ? undefined : next.value
  lane.at = 0
}

function headMs({ part, at }: Lane): number {
  return part?.records[at]?.appended_ms ?? Infinity
}

function cut(part: PartitionRecords, records: readonly LogRecord[]): PartitionRecords {
  const [first, last] = [records[0], records.at(-1)]
  return {
    ...part,
    records,
    first_offset: first?.offset ?? part.first_offset,
    last_offset: last?.offset ?? part.last_offset,
  }
}

import {
  readByTopic,
  readCompactByTopic,
  writeByTopic,
  writeCompactByTopic,
  type PartitionError,
  type TopicPartition,
} from './by-topic.ts'
import type { Reader } from './bytes.ts'
import type { KafkaRequest } from './request.ts'
import type { AbortedTransaction } from './record-set.ts'

export interface PartitionBatch extends TopicPartition {
  readonly batch: Buffer
}

export interface Produced extends PartitionError {
  /** Offset of the first record; -1 where a repeat was recognised. */
  readonly base: number
}

/** Waits for all in-sync replicas. Each partition answers for itself. */
export function produce(
  batches: readonly PartitionBatch[],
  transactionalId: string | null,
  timeoutMs: number,
): KafkaRequest<Produced[]> {
  return {
    api: 0,
    version: 7,
    name: 'Produce',
    encode(to) {
      to.string(transactionalId)
      to.int16(-1)
      to.int32(timeoutMs)
      writeByTopic(to, batches, ({ batch }) => to.heldBytes(batch))
    },
    decode: (from) => readByTopic(from, (place) => producedAt(place, from)),
  }
}

/** As `produce`, and the partitions join the transaction by being written to (KIP-890). */
export function produceJoining(
  batches: readonly PartitionBatch[],
  transactionalId: string,
  timeoutMs: number,
): KafkaRequest<Produced[]> {
  return {
    api: 0,
    version: 12,
    name: 'Produce',
    flexible: true,
    encode(to) {
      to.compactString(transactionalId)
      to.int16(-1)
      to.int32(timeoutMs)
      writeCompactByTopic(to, batches, ({ batch }) => to.heldCompactBytes(batch))
      to.tags()
    },
    decode: (from) =>
      readCompactByTopic(from, (place) => {
        const produced = producedAt(place, from)
        from.compactArray(() => {
          from.int32()
          from.compactString()
          from.tags()
        })
        from.compactString()
        return produced
      }),
  }
}

function producedAt(place: TopicPartition, from: Reader): Produced {
  const error = from.int16()
  const base = from.int64()
  from.int64()
  from.int64()
  return { ...place, error, base }
}

export interface FetchPartition extends TopicPartition {
  readonly offset: number
  readonly max_bytes: number
}

export interface FetchedPartition extends PartitionError {
  readonly high: number
  readonly stable: number
  readonly low: number
  readonly aborted: readonly AbortedTransaction[]
  readonly set: Buffer
}

export interface FetchBounds {
  readonly max_wait_ms: number
  readonly min_bytes: number
  readonly max_bytes: number
}

/** Only what is committed: up to the first open transaction (read committed). */
export function fetch(
  partitions: readonly FetchPartition[],
  bounds: FetchBounds,
): KafkaRequest<FetchedPartition[]> {
  return {
    api: 1,
    version: 11,
    name: 'Fetch',
    held_ms: bounds.max_wait_ms,
    encode(to) {
      to.int32(-1)
      to.int32(bounds.max_wait_ms)
      to.int32(bounds.min_bytes)
      to.int32(bounds.max_bytes)
      to.int8(1)
      to.int32(0)
      to.int32(-1)
      writeByTopic(to, partitions, ({ offset, max_bytes }) => {
        to.int32(-1)
        to.int64(offset)
        to.int64(-1)
        to.int32(max_bytes)
      })
      to.int32(0)
      to.string('')
    },
    decode(from) {
      from.int32()
      const whole = from.int16()
      from.int32()
      if (whole !== 0) return [{ ...NOTHING, error: whole }]
      return readByTopic(from, (place) => {
        const error = from.int16()
        const high = from.int64()
        const stable = from.int64()
        const low = from.int64()
        const aborted = from.array(() => ({ producer: from.int64(), first: from.int64() }))
        from.int32()
        return { ...place, error, high, stable, low, aborted, set: from.bytes() }
      })
    },
  }
}

const NOTHING: FetchedPartition = {
  topic: '',
  partition: -1,
  error: 0,
  high: -1,
  stable: -1,
  low: -1,
  aborted: [],
  set: Buffer.alloc(0),
}

export interface ListedOffset extends PartitionError {
  readonly offset: number
}

/** First offset kept; the next offset, of open transactions too; the next up to the first open transaction. */
export type OffsetAt = 'earliest' | 'latest' | 'stable'

export function listOffsets(
  partitions: readonly TopicPartition[],
  at: OffsetAt,
): KafkaRequest<ListedOffset[]> {
  return {
    api: 2,
    version: 3,
    name: 'ListOffsets',
    encode(to) {
      to.int32(-1)
      to.int8(at === 'stable' ? 1 : 0)
      writeByTopic(to, partitions, () => to.int64(at === 'earliest' ? -2 : -1))
    },
    decode(from) {
      from.int32()
      return readByTopic(from, (place) => {
        const error = from.int16()
        from.int64()
        return { ...place, error, offset: from.int64() }
      })
    },
  }
}

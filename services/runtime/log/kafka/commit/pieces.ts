import type { LogTopic } from '../../../../../schemas/topics.ts'
import { GatewatchError } from '../../../errors.ts'
import type { OutRecord } from '../../event-log.ts'
import { partitionOf } from '../../partitioner.ts'
import type { Names } from '../names.ts'
import { roughBytes } from '../wire/record-batch.ts'

/** Of one record batch. Brokers take 1 MiB unless told otherwise; the rest is room for what `roughBytes` misses. */
export const MAX_BATCH_BYTES = 900_000
const MAX_BATCH_RECORDS = 10_000
/** As the embedded log has them, so that what one takes the other takes too. */
const MAX_KEY_BYTES = 65_536
const MAX_VALUE_BYTES = 16 * 1024 * 1024

/** Records of one partition that go into one batch. */
export interface Piece {
  readonly topic: LogTopic
  readonly partition: number
  readonly records: OutRecord[]
  bytes: number
}

/** Records by partition, in their order, cut where a batch would become too large. */
export function piecesOf(records: readonly OutRecord[], names: Names): Piece[] {
  const pieces: Piece[] = []
  /** By topic, then by partition. */
  const open = new Map<string, (Piece | undefined)[]>()
  for (const record of records) {
    const { topic } = record
    const partition = record.partition ?? partitionOf(record.key, names.partitions(topic))
    const bytes = roughBytes(record)
    let ofTopic = open.get(topic.name)
    if (ofTopic === undefined) open.set(topic.name, (ofTopic = []))
    let piece = ofTopic[partition]
    if (
      piece === undefined ||
      piece.bytes + bytes > MAX_BATCH_BYTES ||
      piece.records.length >= MAX_BATCH_RECORDS
    ) {
      piece = { topic, partition, records: [], bytes: 0 }
      ofTopic[partition] = piece
      pieces.push(piece)
    }
    piece.records.push(record)
    piece.bytes += bytes
  }
  return pieces
}

/** Refuses what could not be written, before anything is: this is what makes "all or none" true for bad records. */
export function checkRecords(records: readonly OutRecord[], names: Names): void {
  for (const { topic, key, value, partition = 0 } of records) {
    if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES) {
      throw new RangeError(`a key of ${topic.name} is longer than ${MAX_KEY_BYTES} bytes`)
    }
    if (value !== null && value.length > MAX_VALUE_BYTES) {
      throw new GatewatchError(
        'ERR_RECORD_TOO_LARGE',
        `A value for ${topic.name} is larger than ${MAX_VALUE_BYTES} bytes: make it smaller.`,
      )
    }
    if (!Number.isInteger(partition) || partition < 0 || partition >= names.partitions(topic)) {
      throw new RangeError(`${topic.name} has no partition ${partition}`)
    }
  }
}

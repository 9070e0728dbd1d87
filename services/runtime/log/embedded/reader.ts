import { findRecord, readBlock, type StoredRecord } from './block.ts'
import { indexKey } from './index-key.ts'
import { offsetOf, placeOf, type TopicStore } from './store.ts'

export interface Range {
  readonly partition: number
  readonly from: number
  /** Offset after the last. */
  readonly to: number
  readonly maxRecords: number
  readonly maxBytes: number
}

/** The records of a range, oldest first, within the bounds; at least one when there is one. */
export function readRange({ log }: TopicStore, range: Range): StoredRecord[] {
  const { partition, from, to, maxRecords, maxBytes } = range
  if (from >= to) return []
  const records: StoredRecord[] = []
  let bytes = 0
  for (const { key, value } of log.getRange({
    start: firstPlace(log, partition, from),
    end: placeOf(partition, to),
  })) {
    readBlock(value, offsetOf(key), from, records)
    bytes += value.length
    if (records.length >= maxRecords || bytes >= maxBytes) break
  }
  let last = records[records.length - 1]
  while (records.length > maxRecords || (last !== undefined && last.offset >= to)) {
    records.pop()
    last = records[records.length - 1]
  }
  return records
}

/** The block that holds `from`, or the first after it: blocks begin anywhere at or before an offset. */
function firstPlace(log: TopicStore['log'], partition: number, from: number): number {
  const place = placeOf(partition, from)
  if (log.doesExist(place)) return place
  for (const key of log.getKeys({ start: place, end: placeOf(partition, 0) - 1, reverse: true, limit: 1 }))
    return key
  return place
}

/** The newest record of a key of a compacted topic, or undefined when it has none or was removed. */
export function readLatest(store: TopicStore, key: string): StoredRecord | undefined {
  const pointer = store.latest?.get(indexKey(key))
  return pointer === undefined ? undefined : readPointer(store, pointer)
}

/** The record that an index entry points at. */
export function readPointer(store: TopicStore, pointer: Buffer): StoredRecord | undefined {
  const place = pointer.readDoubleLE(0)
  const block = store.log.get(place)
  return block === undefined ? undefined : findRecord(block, offsetOf(place), pointer.readUInt32LE(8))
}

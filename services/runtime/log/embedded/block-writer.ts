import type { OutRecord } from '../event-log.ts'
import { partitionOf } from '../partitioner.ts'
import {
  BLOCK_BYTES,
  beginBlock,
  endBlock,
  headerBytes,
  MAX_HEADER_BYTES,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  recordBytes,
  writeRecord,
} from './block.ts'
import { indexKey, pointerTo } from './index-key.ts'
import { placeOf, type Head, type Store, type TopicStore } from './store.ts'

interface Slot {
  readonly store: TopicStore
  readonly partition: number
  readonly records: OutRecord[]
}

/** What a transaction wrote, by topic, for metrics. */
export interface Written {
  readonly topic: string
  records: number
  bytes: number
}

/** Checked when a record is handed in, so that one caller's mistake can't undo the transaction that others share. */
export function checkRecord(record: OutRecord, store: TopicStore): void {
  if (record.key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(record.key) > MAX_KEY_BYTES) {
    throw new RangeError(`a key of ${record.topic.name} is longer than ${MAX_KEY_BYTES} bytes`)
  }
  const value = record.value
  if (value !== null && value.length > MAX_VALUE_BYTES) {
    throw new RangeError(`a value of ${record.topic.name} is larger than ${MAX_VALUE_BYTES} bytes`)
  }
  if (record.headers !== undefined && headerBytes(record.headers) > MAX_HEADER_BYTES) {
    throw new RangeError(
      `the headers of a record of ${record.topic.name} are larger than ${MAX_HEADER_BYTES} bytes`,
    )
  }
  const partition = record.partition ?? 0
  if (!Number.isInteger(partition) || partition < 0 || partition >= store.partitions) {
    throw new RangeError(`${record.topic.name} has no partition ${partition}`)
  }
}

/**
 * Puts records into their partitions' blocks, inside a write transaction. One
 * of these serves one transaction: it reads each partition's head once and
 * writes it once.
 */
export class BlockWriter {
  readonly #store: Store
  readonly #now: number
  readonly #slots = new Map<string, Slot>()
  readonly written = new Map<string, Written>()
  #scratch: Buffer

  constructor(store: Store, scratch: Buffer, now: number) {
    this.#store = store
    this.#scratch = scratch
    this.#now = now
  }

  add(record: OutRecord): void {
    const store = this.#store.topic(record.topic)
    const partition = record.partition ?? partitionOf(record.key, store.partitions)
    const name = `${record.topic.name}/${partition}`
    let slot = this.#slots.get(name)
    if (slot === undefined) {
      slot = { store, partition, records: [] }
      this.#slots.set(name, slot)
    }
    slot.records.push(record)
  }

  /** Writes what was added; returns the scratch buffer, which may have grown. */
  finish(): Buffer {
    for (const slot of this.#slots.values()) {
      // Read only now: rows that other jobs of the transaction changed are in it.
      const head = this.#store.head(slot.store.topic.name, slot.partition)
      this.#write(slot, head)
      this.#store.putHead(slot.store.topic.name, slot.partition, head)
    }
    return this.#scratch
  }

  #write({ store, partition, records }: Slot, head: Head): void {
    const bytesBefore = head.bytes
    let base = head.next
    let at = beginBlock(this.#scratch, this.#now)
    let count = 0
    for (const record of records) {
      const room = recordBytes(record)
      if (count > 0 && (at + room > BLOCK_BYTES || count === 65_535)) {
        this.#put(store, partition, base, at, count, head)
        base = head.next
        at = beginBlock(this.#scratch, this.#now)
        count = 0
      }
      if (at + room > this.#scratch.length) this.#grow(at, room)
      at = writeRecord(this.#scratch, at, count, 0, record)
      if (store.latest !== undefined) this.#index(store.latest, record, placeOf(partition, base), count)
      count++
    }
    if (count > 0) this.#put(store, partition, base, at, count, head)
    const name = store.topic.name
    const sum = this.written.get(name) ?? { topic: name, records: 0, bytes: 0 }
    sum.records += records.length
    sum.bytes += head.bytes - bytesBefore
    this.written.set(name, sum)
  }

  #put(store: TopicStore, partition: number, base: number, end: number, count: number, head: Head): void {
    endBlock(this.#scratch, count)
    void store.log.put(placeOf(partition, base), this.#scratch.subarray(0, end))
    head.next = base + count
    head.bytes += end
    head.records += count
  }

  #index(latest: NonNullable<TopicStore['latest']>, record: OutRecord, place: number, delta: number): void {
    const key = indexKey(record.key)
    if (record.value === null) {
      void latest.remove(key)
      return
    }
    void latest.put(key, pointerTo(place, delta))
  }

  #grow(at: number, room: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#scratch.length * 2, at + room))
    this.#scratch.copy(grown, 0, 0, at)
    this.#scratch = grown
  }
}

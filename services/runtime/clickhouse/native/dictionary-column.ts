import { ByteBuffer } from './byte-buffer.ts'

/** SharedDictionariesWithAdditionalKeys */
const VERSION = 1
/** HasAdditionalKeysBit and NeedUpdateDictionary: the keys come with the data. */
const KEYS_FOLLOW = (1 << 9) | (1 << 10)

/**
 * A column of type LowCardinality(String): each text once, and for each row its
 * number. Made here the engine takes it as it is; made from a String column by
 * the engine, eighty of them double the time of an insert (measured).
 *
 * Most values are the same as the row before, and the others are found by a hash
 * of their bytes (FNV-1a) in a table of open addressing, without making a string.
 *
 * @see ClickHouse, src/DataTypes/Serializations/SerializationLowCardinality.cpp
 */
export class DictionaryColumn {
  readonly type = 'LowCardinality(String)'
  readonly #keys = new ByteBuffer()
  /** Where a key ends; it begins where the one before it ended. */
  #ends = new Uint32Array(16)
  #count = 0
  /** Key number + 1 by hash, 0 for a free place; always at least half free. */
  #slots = new Int32Array(64)
  #rows: Uint32Array<ArrayBuffer>
  #length = 0
  #last = 0

  constructor(rows = 1024) {
    this.#rows = new Uint32Array(Math.max(1, rows))
    // Key 0 is the type's default.
    this.#addKey(new Uint8Array(0), 0, 0)
  }

  get length(): number {
    return this.#length
  }

  append(source: Uint8Array, from: number, to: number): void {
    if (!this.#isKey(this.#last, source, from, to))
      this.#last = from === to ? 0 : this.#find(source, from, to)
    this.#push(this.#last)
  }

  appendDefault(): void {
    this.#push(0)
  }

  /** Forgets its keys too: what a column is made of depends on its own rows alone. */
  clear(): void {
    this.#length = 0
    this.#last = 0
    this.#slots.fill(0)
    this.#keys.length = 0
    this.#count = 1
  }

  prefix(out: Buffer[]): void {
    const prefix = new ByteBuffer(8)
    prefix.uint64(VERSION)
    out.push(prefix.view())
  }

  data(out: Buffer[]): void {
    if (this.#length === 0) return
    const width = this.#count <= 256 ? 0 : this.#count <= 65_536 ? 1 : 2
    const head = new ByteBuffer(this.#keys.length + this.#count * 2 + 32)
    head.uint64(width + KEYS_FOLLOW)
    head.uint64(this.#count)
    const keys = this.#keys.view()
    for (let key = 0, from = 0; key < this.#count; key++) {
      const to = this.#ends[key] ?? 0
      head.varint(to - from)
      head.append(keys, from, to)
      from = to
    }
    head.uint64(this.#length)
    const rows = this.#rows.subarray(0, this.#length)
    const indexes = width === 0 ? Uint8Array.from(rows) : width === 1 ? Uint16Array.from(rows) : rows
    out.push(head.view(), Buffer.from(indexes.buffer, indexes.byteOffset, indexes.byteLength))
  }

  #push(key: number): void {
    if (this.#length === this.#rows.length) this.#rows = larger(this.#rows)
    this.#rows[this.#length++] = key
  }

  #find(source: Uint8Array, from: number, to: number): number {
    const mask = this.#slots.length - 1
    for (let place = hashOf(source, from, to) & mask; ; place = (place + 1) & mask) {
      const slot = this.#slots[place] ?? 0
      if (slot === 0) {
        this.#slots[place] = this.#count + 1
        return this.#addKey(source, from, to)
      }
      if (this.#isKey(slot - 1, source, from, to)) return slot - 1
    }
  }

  #isKey(key: number, source: Uint8Array, from: number, to: number): boolean {
    const start = key === 0 ? 0 : (this.#ends[key - 1] ?? 0)
    if ((this.#ends[key] ?? 0) - start !== to - from) return false
    const keys = this.#keys.reserve(0)
    for (let i = from, k = start; i < to; i++, k++) if (keys[k] !== source[i]) return false
    return true
  }

  #addKey(source: Uint8Array, from: number, to: number): number {
    if (this.#count === this.#ends.length) this.#ends = larger(this.#ends)
    this.#keys.append(source, from, to)
    this.#ends[this.#count++] = this.#keys.length
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    return this.#count - 1
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 4)
    const keys = this.#keys.view()
    for (let key = 1; key < this.#count; key++) {
      let place = hashOf(keys, this.#ends[key - 1] ?? 0, this.#ends[key] ?? 0) & (slots.length - 1)
      while (slots[place] !== 0) place = (place + 1) & (slots.length - 1)
      slots[place] = key + 1
    }
    this.#slots = slots
  }
}

function hashOf(source: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (source[i] ?? 0), 0x01000193)
  return hash ^ (hash >>> 15)
}

function larger(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(array.length * 2)
  more.set(array)
  return more
}

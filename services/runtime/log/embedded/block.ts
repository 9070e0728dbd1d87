import type { LogRecord } from '../event-log.ts'

/**
 * The binary form of records on disk. Records that one transaction writes to
 * one partition share blocks of up to `BLOCK_BYTES`: one LMDB entry for many
 * records costs a fraction of an entry for each, in time and in space.
 *
 *     block  = u8 version ‖ u8 0 ‖ u16 count ‖ f64 appended_ms ‖ record*
 *     record = u32 length ‖ u32 offset − block's offset ‖ u32 appended_ms − block's
 *              ‖ u16 key bytes ‖ u16 header bytes ‖ u8 flags ‖ key ‖ headers ‖ value
 *     header = u8 code ‖ (u8 name bytes ‖ name)? ‖ (u16 value bytes ‖ value)?
 *
 * Little-endian. Offsets are kept per record, since compaction leaves gaps.
 * Well-known header names, and pairs of name and value, are one byte.
 */
export const BLOCK_BYTES = 16_300
export const BLOCK_HEADER = 12
const RECORD_HEADER = 17
const VERSION = 1
const FLAG_NULL = 1

/** The bounds that `append` checks, so that encoding can't fail under the write lock. */
export const MAX_VALUE_BYTES = 8_388_608
export const MAX_KEY_BYTES = 8_192
export const MAX_HEADER_BYTES = 16_384

/** One byte for what nearly every record has. Only ever appended to: the codes are on disk. */
const PAIRS: readonly (readonly [name: string, value: string])[] = [
  ['ce_specversion', '1.0'],
  ['ce_source', 'gatewatch'],
  ['content-type', 'application/json'],
]
const NAMES: readonly string[] = ['ce_id', 'ce_type', 'ce_time', 'ce_source', 'content-type', 'traceparent']
const NAME_BASE = 32
const LITERAL = 255

const pairValue = new Map(PAIRS.map(([name, value], code) => [name, { value, code }]))
const nameCode = new Map(NAMES.map((name, index) => [name, NAME_BASE + index]))

/** What is encoded: a record without its place. */
export interface BlockRecord {
  readonly key: string
  readonly value: Uint8Array | string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** An upper bound of the bytes that the record takes in a block. */
export function recordBytes(record: BlockRecord): number {
  const value = record.value
  const valueBytes = value === null ? 0 : typeof value === 'string' ? value.length * 3 : value.length
  return RECORD_HEADER + record.key.length * 3 + headerBytes(record.headers) + valueBytes
}

export function headerBytes(headers: Readonly<Record<string, string>> | undefined): number {
  let bytes = 0
  for (const name in headers) bytes += 4 + (name.length + (headers[name]?.length ?? 0)) * 3
  return bytes
}

/** Begins a block in `into`; returns where its first record goes. */
export function beginBlock(into: Buffer, appendedMs: number): number {
  into[0] = VERSION
  into[1] = 0
  into.writeUInt16LE(0, 2)
  into.writeDoubleLE(appendedMs, 4)
  return BLOCK_HEADER
}

/** Writes the number of records once they are all there. */
export function endBlock(into: Buffer, count: number): void {
  into.writeUInt16LE(count, 2)
}

/** Encodes a record at `at`; returns the position after it. `into` has room for `recordBytes`. */
export function writeRecord(
  into: Buffer,
  at: number,
  delta: number,
  ageMs: number,
  record: BlockRecord,
): number {
  let end = at + RECORD_HEADER
  const keyBytes = into.write(record.key, end, 'utf8')
  end += keyBytes
  const headersAt = end
  if (record.headers !== undefined) end = writeHeaders(into, end, record.headers)
  const headers = end - headersAt
  const value = record.value
  if (typeof value === 'string') end += into.write(value, end, 'utf8')
  else if (value !== null) {
    into.set(value, end)
    end += value.length
  }
  into.writeUInt32LE(end - at, at)
  into.writeUInt32LE(delta, at + 4)
  into.writeUInt32LE(ageMs, at + 8)
  into.writeUInt16LE(keyBytes, at + 12)
  into.writeUInt16LE(headers, at + 14)
  into[at + 16] = value === null ? FLAG_NULL : 0
  return end
}

function writeHeaders(into: Buffer, start: number, headers: Readonly<Record<string, string>>): number {
  let at = start
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined) continue
    const pair = pairValue.get(name)
    if (pair !== undefined && pair.value === value) {
      into[at++] = pair.code
      continue
    }
    const code = nameCode.get(name)
    into[at++] = code ?? LITERAL
    if (code === undefined) {
      const bytes = into.write(name, at + 1, 'utf8')
      into[at] = bytes
      at += 1 + bytes
    }
    const bytes = into.write(value, at + 2, 'utf8')
    into.writeUInt16LE(bytes, at)
    at += 2 + bytes
  }
  return at
}

export function blockAppendedMs(block: Buffer): number {
  return block.readDoubleLE(4)
}

export function blockCount(block: Buffer): number {
  return block.readUInt16LE(2)
}

/** The records of a block from offset `from` on, oldest first. Values are views of `block`. */
export function readBlock(block: Buffer, base: number, from: number, into: StoredRecord[]): void {
  if (block[0] !== VERSION) throw new RangeError(`log block of unknown version ${block[0]}`)
  const appended = block.readDoubleLE(4)
  const count = block.readUInt16LE(2)
  let at = BLOCK_HEADER
  for (let i = 0; i < count; i++) {
    const length = block.readUInt32LE(at)
    const offset = base + block.readUInt32LE(at + 4)
    if (offset >= from) into.push(new StoredRecord(block, at, length, offset, appended))
    at += length
  }
}

/** The record whose offset is `delta` after the block's, found by its lengths alone. */
export function findRecord(block: Buffer, base: number, delta: number): StoredRecord | undefined {
  const count = block.readUInt16LE(2)
  let at = BLOCK_HEADER
  for (let i = 0; i < count; i++) {
    const length = block.readUInt32LE(at)
    const found = block.readUInt32LE(at + 4)
    if (found === delta) return new StoredRecord(block, at, length, base + delta, block.readDoubleLE(4))
    if (found > delta) return undefined
    at += length
  }
  return undefined
}

/** A record as it lies in its block; key and headers are decoded when asked for. */
export class StoredRecord implements LogRecord {
  readonly offset: number
  readonly value: Uint8Array | null
  readonly appended_ms: number
  readonly #block: Buffer
  readonly #at: number
  #key: string | undefined
  #headers: Readonly<Record<string, string>> | undefined

  constructor(block: Buffer, at: number, length: number, offset: number, appended: number) {
    this.#block = block
    this.#at = at
    this.offset = offset
    this.appended_ms = appended + block.readUInt32LE(at + 8)
    const valueAt = at + RECORD_HEADER + block.readUInt16LE(at + 12) + block.readUInt16LE(at + 14)
    this.value = ((block[at + 16] ?? 0) & FLAG_NULL) === 0 ? block.subarray(valueAt, at + length) : null
  }

  /** The encoded bytes, for moving the record into another block. */
  get bytes(): Buffer {
    return this.#block.subarray(this.#at, this.#at + this.#block.readUInt32LE(this.#at))
  }

  get key(): string {
    const at = this.#at + RECORD_HEADER
    this.#key ??= this.#block.toString('utf8', at, at + this.#block.readUInt16LE(this.#at + 12))
    return this.#key
  }

  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= readHeaders(this.#block, this.#at)
    return this.#headers
  }
}

function readHeaders(block: Buffer, recordAt: number): Record<string, string> {
  const headers: Record<string, string> = {}
  let at = recordAt + RECORD_HEADER + block.readUInt16LE(recordAt + 12)
  const end = at + block.readUInt16LE(recordAt + 14)
  while (at < end) {
    const code = block[at++] ?? LITERAL
    const pair = PAIRS[code]
    if (pair !== undefined) {
      headers[pair[0]] = pair[1]
      continue
    }
    let name = NAMES[code - NAME_BASE]
    if (name === undefined) {
      const bytes = block[at++] ?? 0
      name = block.toString('utf8', at, at + bytes)
      at += bytes
    }
    const bytes = block.readUInt16LE(at)
    headers[name] = block.toString('utf8', at + 2, at + 2 + bytes)
    at += 2 + bytes
  }
  return headers
}

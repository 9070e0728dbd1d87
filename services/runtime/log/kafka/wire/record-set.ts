import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { LogRecord } from '../../event-log.ts'
import { Reader } from './bytes.ts'
import { crc32c } from './crc32c.ts'

export interface AbortedTransaction {
  readonly producer: number
  readonly first: number
}

export interface RecordSet {
  readonly records: LogRecord[]
  /** Where reading goes on: after the last whole batch, its control records and compacted ones included. */
  readonly next: number
  readonly bytes: number
}

const CODEC = 0x07
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const ABORT = 0
/** From the start of a batch to where its length counts from. */
const PREFIX_BYTES = 12
const HEADER_BYTES = 61
/** From here on a batch is under its checksum. */
const CRC_END = 21
const MAGIC = 2
/** A small batch must not fill the memory when it is unpacked. */
const MAX_UNPACKED = 128 * 1024 * 1024

/**
 * The committed records of a fetched partition from `from` on.
 *
 * A batch's header says where it ends even when compaction or a marker left
 * nothing in it, so `next` always moves past what was looked at; a client that
 * counts records instead stands still at such a place for ever. Records of an
 * aborted transaction are between its first offset and its abort marker.
 *
 * A batch that can't be read (damaged, or compressed with what we don't have)
 * becomes one record: its bytes as they are, no key, and why in the header
 * `unreadable`. So it ends as a dead letter like anything else that nobody can
 * parse, and the partition goes on.
 */
export function readRecordSet(set: Buffer, from: number, aborted: readonly AbortedTransaction[]): RecordSet {
  const records: LogRecord[] = []
  const upcoming = [...aborted].sort((a, b) => a.first - b.first)
  const aborting = new Set<number>()
  let next = from
  let at = 0
  while (at + PREFIX_BYTES <= set.length) {
    const reader = new Reader(set, at)
    const base = reader.int64()
    const length = reader.int32()
    if (at + PREFIX_BYTES + length > set.length) break
    const end = at + PREFIX_BYTES + length
    const batch = readHeader(reader, base)
    while (upcoming[0] !== undefined && upcoming[0].first <= batch.last) {
      aborting.add(upcoming[0].producer)
      upcoming.shift()
    }
    if (batch.attributes & CONTROL) {
      if (batch.count > 0 && markerType(reader) === ABORT) aborting.delete(batch.producer)
    } else if (!(batch.attributes & TRANSACTIONAL && aborting.has(batch.producer))) {
      readBatch(set.subarray(at, end), reader, batch, from, records)
    }
    next = Math.max(next, batch.last + 1)
    at = end
  }
  return { records, next, bytes: at }
}

interface BatchHeader {
  readonly base: number
  readonly last: number
  readonly attributes: number
  readonly firstMs: number
  readonly maxMs: number
  readonly producer: number
  readonly count: number
  readonly magic: number
  readonly crc: number
}

function readHeader(reader: Reader, base: number): BatchHeader {
  reader.int32()
  const magic = reader.int8()
  const crc = reader.uint32()
  const attributes = reader.int16()
  const last = base + reader.int32()
  const firstMs = reader.int64()
  const maxMs = reader.int64()
  const producer = reader.int64()
  reader.int16()
  reader.int32()
  return { base, last, attributes, firstMs, maxMs, producer, count: reader.int32(), magic, crc }
}

function readBatch(
  bytes: Buffer,
  reader: Reader,
  batch: BatchHeader,
  from: number,
  records: LogRecord[],
): void {
  const before = records.length
  try {
    if (batch.magic !== MAGIC) throw new Error(`format ${batch.magic}`)
    if (crc32c(bytes.subarray(CRC_END)) !== batch.crc) throw new Error('a wrong checksum')
    readRecords(bodyOf(reader, bytes, batch.attributes & CODEC), batch, from, records)
  } catch (error) {
    records.length = before
    const why = error instanceof Error ? error.message.slice(0, 100) : 'unknown'
    records.push({
      offset: Math.max(from, batch.base),
      key: '',
      value: bytes,
      headers: { unreadable: why },
      appended_ms: batch.maxMs,
    })
  }
}

/** The key of a marker: version, type (0 abort, 1 commit). */
function markerType(reader: Reader): number {
  reader.varint()
  reader.int8()
  reader.varlong()
  reader.varint()
  reader.varint()
  reader.int16()
  return reader.int16()
}

function bodyOf(reader: Reader, batch: Buffer, codec: number): Reader {
  if (codec === 0) return reader
  const packed = batch.subarray(HEADER_BYTES)
  if (codec === 1) return new Reader(gunzipSync(packed, { maxOutputLength: MAX_UNPACKED }))
  if (codec === 4) return new Reader(zstdDecompressSync(packed, { maxOutputLength: MAX_UNPACKED }))
  throw new Error(`compressed with ${codec === 2 ? 'snappy' : 'lz4'}`)
}

function readRecords(body: Reader, batch: BatchHeader, from: number, records: LogRecord[]): void {
  const fixed = batch.attributes & LOG_APPEND_TIME ? batch.maxMs : undefined
  for (let i = 0; i < batch.count; i++) {
    const length = body.varint()
    const end = body.at + length
    body.int8()
    const delta = body.varlong()
    const offset = batch.base + body.varint()
    const keyBytes = body.varint()
    const key = keyBytes < 0 ? '' : body.text(keyBytes)
    const valueBytes = body.varint()
    const value = valueBytes < 0 ? null : body.raw(valueBytes)
    if (offset >= from) {
      records.push(
        new FetchedRecord(offset, key, value, fixed ?? batch.firstMs + delta, body.buffer, body.at),
      )
    }
    body.at = end
  }
}

/** Headers are decoded when somebody asks: most records are read for their value alone. */
class FetchedRecord implements LogRecord {
  readonly offset: number
  readonly key: string
  readonly value: Uint8Array | null
  readonly appended_ms: number
  readonly #buffer: Buffer
  readonly #headersAt: number

  constructor(
    offset: number,
    key: string,
    value: Uint8Array | null,
    appendedMs: number,
    buffer: Buffer,
    at: number,
  ) {
    this.offset = offset
    this.key = key
    this.value = value
    this.appended_ms = appendedMs
    this.#buffer = buffer
    this.#headersAt = at
  }

  get headers(): Readonly<Record<string, string>> {
    const reader = new Reader(this.#buffer, this.#headersAt)
    const headers: Record<string, string> = {}
    for (let left = reader.varint(); left > 0; left--) {
      const name = reader.text(reader.varint())
      const length = reader.varint()
      headers[name] = length < 0 ? '' : reader.text(length)
    }
    return headers
  }
}

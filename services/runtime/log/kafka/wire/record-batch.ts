import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { OutRecord } from '../../event-log.ts'
import { Writer } from './bytes.ts'
import { crc32c } from './crc32c.ts'

export interface Producer {
  readonly id: number
  readonly epoch: number
}

export type Compression = 'none' | 'gzip' | 'zstd'

export interface BatchContext {
  readonly producer: Producer
  /** Sequence of the first record; the broker refuses a gap and drops a repeat. */
  readonly sequence: number
  readonly transactional: boolean
  readonly compression: Compression
  readonly now: number
}

const MAGIC = 2
const CODECS = { none: 0, gzip: 1, zstd: 4 } as const
const TRANSACTIONAL = 0x10
const CRC_AT = 17
const HEADER_BYTES = 61
/** Below this a compressed batch saves less than its header costs. */
const COMPRESS_FROM = 1024

/**
 * One record batch of format 2, the only one that Kafka 4 takes.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export function encodeBatch(records: readonly OutRecord[], context: BatchContext): Buffer {
  const body = new Writer(records.reduce((sum, record) => sum + roughBytes(record), 0))
  for (const [index, record] of records.entries()) writeRecord(body, record, index)
  const plain = body.written()
  const codec = plain.length < COMPRESS_FROM ? 'none' : context.compression
  const packed =
    codec === 'none' ? plain : codec === 'gzip' ? gzipSync(plain, { level: 1 }) : zstdCompressSync(plain)

  const batch = new Writer(HEADER_BYTES + packed.length)
  batch.int64(0)
  batch.int32(HEADER_BYTES - 12 + packed.length)
  batch.int32(-1)
  batch.int8(MAGIC)
  batch.int32(0)
  batch.int16(CODECS[codec] | (context.transactional ? TRANSACTIONAL : 0))
  batch.int32(records.length - 1)
  batch.int64(context.now)
  batch.int64(context.now)
  batch.int64(context.producer.id)
  batch.int16(context.producer.epoch)
  batch.int32(context.sequence)
  batch.int32(records.length)
  batch.raw(packed)
  batch.putInt32(crc32c(batch.written(CRC_AT + 4)), CRC_AT)
  return batch.written()
}

/** Bytes that a record takes in a batch, not less than it really does for text of one byte a character. */
export function roughBytes(record: OutRecord): number {
  let bytes = 32 + record.key.length + (record.value === null ? 0 : sizeOf(record.value))
  for (const name in record.headers) bytes += 6 + name.length + (record.headers[name]?.length ?? 0)
  return bytes
}

function writeRecord(body: Writer, record: OutRecord, index: number): void {
  const key = Buffer.byteLength(record.key)
  const value = record.value === null ? -1 : sizeOf(record.value)
  const headers = Object.entries(record.headers ?? {})
  let size = 2 + varintBytes(index) + varintBytes(key) + key + varintBytes(value) + Math.max(0, value)
  size += varintBytes(headers.length)
  for (const [name, text] of headers) {
    const [a, b] = [Buffer.byteLength(name), Buffer.byteLength(text)]
    size += varintBytes(a) + a + varintBytes(b) + b
  }
  body.varint(size)
  body.int8(0)
  body.varint(0)
  body.varint(index)
  body.varint(key)
  body.text(record.key)
  body.varint(value)
  if (typeof record.value === 'string') body.text(record.value)
  else if (record.value !== null) body.raw(record.value)
  body.varint(headers.length)
  for (const [name, text] of headers) {
    body.varint(Buffer.byteLength(name))
    body.text(name)
    body.varint(Buffer.byteLength(text))
    body.text(text)
  }
}

function sizeOf(value: string | Uint8Array): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length
}

function varintBytes(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  let bytes = 1
  while (rest > 0x7f) {
    rest >>>= 7
    bytes++
  }
  return bytes
}

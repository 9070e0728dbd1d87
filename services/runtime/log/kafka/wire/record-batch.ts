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
const LENGTH_AT = 8
/** The length counts from here on. */
const LENGTH_END = 12
const CRC_AT = 17
/** The lower byte of the attributes. */
const CODEC_AT = 22
const HEADER_BYTES = 61
const SHORT = 64
/** Below this a compressed batch saves less than its header costs. */
const COMPRESS_FROM = 1024

/**
 * One record batch of format 2, the only one that Kafka 4 takes.
 *
 * @param bytes the sum of `roughBytes`, where it is known
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export function encodeBatch(
  records: readonly OutRecord[],
  context: BatchContext,
  bytes = roughSum(records),
): Buffer {
  // One buffer for head and records; the request holds it, and nothing copies it.
  const batch = new Writer(HEADER_BYTES + bytes)
  writeHeader(batch, records.length, context)
  for (let index = 0; index < records.length; index++) {
    const record = records[index]
    if (record !== undefined) writeRecord(batch, record, index)
  }
  if (context.compression === 'none' || batch.length - HEADER_BYTES < COMPRESS_FROM)
    return sealed(batch, 'none')
  const plain = batch.written(HEADER_BYTES)
  const packed = context.compression === 'gzip' ? gzipSync(plain, { level: 1 }) : zstdCompressSync(plain)
  const smaller = new Writer(HEADER_BYTES + packed.length)
  writeHeader(smaller, records.length, context)
  smaller.raw(packed)
  return sealed(smaller, context.compression)
}

function roughSum(records: readonly OutRecord[]): number {
  return records.reduce((sum, record) => sum + roughBytes(record), 0)
}

/** Everything but the length, the codec and the checksum, which follow from what comes after it. */
function writeHeader(to: Writer, count: number, context: BatchContext): void {
  to.int64(0)
  to.int32(0)
  to.int32(-1)
  to.int8(MAGIC)
  to.int32(0)
  to.int16(context.transactional ? TRANSACTIONAL : 0)
  to.int32(count - 1)
  to.int64(context.now)
  to.int64(context.now)
  to.int64(context.producer.id)
  to.int16(context.producer.epoch)
  to.int32(context.sequence)
  to.int32(count)
}

function sealed(batch: Writer, codec: Compression): Buffer {
  const bytes = batch.written()
  bytes.writeInt32BE(bytes.length - LENGTH_END, LENGTH_AT)
  bytes.writeInt8(bytes.readInt8(CODEC_AT) | CODECS[codec], CODEC_AT)
  bytes.writeUInt32BE(crc32c(bytes.subarray(CRC_AT + 4)), CRC_AT)
  return bytes
}

/** Bytes that a record takes in a batch, not less than it really does for text of one byte a character. */
export function roughBytes(record: OutRecord): number {
  let bytes = 32 + record.key.length + (record.value === null ? 0 : sizeOf(record.value))
  for (const name in record.headers) bytes += 6 + name.length + (record.headers[name]?.length ?? 0)
  return bytes
}

function writeRecord(body: Writer, record: OutRecord, index: number): void {
  const { headers, value } = record
  const key = textBytes(record.key)
  const valueBytes = value === null ? -1 : sizeOf(value)
  let size =
    2 + varintBytes(index) + varintBytes(key) + key + varintBytes(valueBytes) + Math.max(0, valueBytes)
  let count = 0
  for (const name in headers) {
    const [a, b] = [textBytes(name), textBytes(headers[name] ?? '')]
    size += varintBytes(a) + a + varintBytes(b) + b
    count++
  }
  size += varintBytes(count)
  body.varint(size)
  body.int8(0)
  body.varint(0)
  body.varint(index)
  body.varint(key)
  body.text(record.key, key)
  body.varint(valueBytes)
  if (typeof value === 'string') body.text(value, valueBytes)
  else if (value !== null) body.raw(value)
  body.varint(count)
  for (const name in headers) {
    const text = headers[name] ?? ''
    const [a, b] = [textBytes(name), textBytes(text)]
    body.varint(a)
    body.text(name, a)
    body.varint(b)
    body.text(text, b)
  }
}

/** Bytes of a short text, in a loop: a call out of JavaScript for each costs more than most of them take. */
function textBytes(text: string): number {
  if (text.length > SHORT) return Buffer.byteLength(text)
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return Buffer.byteLength(text)
  return text.length
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

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { SpoolKey } from './keys.ts'

/**
 * The bytes of a segment file:
 *
 *     segment = header frame*
 *     header  = "GWSPOOL1" (8)  segment number (u32)  key id (8)  salt (32)  CRC-32 of these (u32)
 *     frame   = length of the ciphertext (u32)  frame number (u32)  CRC-32 of these two (u32)
 *               ciphertext  tag (16)
 *
 * All numbers big-endian. Each segment has a key of its own (HKDF over its random
 * salt), and a segment is written by one process only, which begins another one
 * after each start and after each write that failed. So the frame number, counted
 * from 0, is a nonce that never comes twice under a key (NIST SP 800-38D, section
 * 8.2.1, deterministic construction). Header and frame head are authenticated
 * with the frame: one moved to another place or segment does not open.
 */
const MAGIC = Buffer.from('GWSPOOL1')
export const HEADER_BYTES = 56
export const FRAME_HEAD_BYTES = 12
const TAG_BYTES = 16
/** What a frame adds to what is in it. */
export const FRAME_OVERHEAD_BYTES = FRAME_HEAD_BYTES + TAG_BYTES
/** A length beyond this is damage, not a frame. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024

export interface SegmentHeader {
  readonly number: number
  readonly key_id: Buffer
  readonly salt: Buffer
  /** The header as it stands in the file. */
  readonly bytes: Buffer
}

/** A new header with a salt that was never used. */
export function newHeader(number: number, key: SpoolKey): SegmentHeader {
  const salt = randomBytes(32)
  const fields = Buffer.concat([MAGIC, u32(number), key.id, salt])
  return { number, key_id: key.id, salt, bytes: Buffer.concat([fields, u32(crc32(fields))]) }
}

/** Null: these are not the bytes of a whole header. */
export function readHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) return null
  const own = Buffer.from(bytes.subarray(0, HEADER_BYTES))
  if (crc32(own.subarray(0, HEADER_BYTES - 4)) !== own.readUInt32BE(HEADER_BYTES - 4)) return null
  return {
    number: own.readUInt32BE(8),
    key_id: own.subarray(12, 20),
    salt: own.subarray(20, 52),
    bytes: own,
  }
}

/** Encrypts one frame. `index` is its number in the segment, from 0. */
export function sealFrame(header: SegmentHeader, key: Buffer, index: number, plain: Buffer): Buffer {
  const head = frameHead(plain.length, index)
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index))
  cipher.setAAD(Buffer.concat([header.bytes, head]))
  const sealed = cipher.update(plain)
  cipher.final()
  return Buffer.concat([head, sealed, cipher.getAuthTag()])
}

/** Length of the frame that begins with these bytes, head and tag included; null: no frame number `index` begins so. */
export function frameLength(head: Buffer, index: number): number | null {
  if (head.length < FRAME_HEAD_BYTES) return null
  const length = head.readUInt32BE(0)
  if (length > MAX_FRAME_BYTES || !frameHead(length, index).equals(head.subarray(0, FRAME_HEAD_BYTES)))
    return null
  return length + FRAME_OVERHEAD_BYTES
}

/** Decrypts a whole frame; null when a bit of it is not as it was written. */
export function openFrame(header: SegmentHeader, key: Buffer, index: number, frame: Buffer): Buffer | null {
  if (frameLength(frame, index) !== frame.length) return null
  const end = frame.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.concat([header.bytes, frame.subarray(0, FRAME_HEAD_BYTES)]))
  decipher.setAuthTag(frame.subarray(end))
  const plain = decipher.update(frame.subarray(FRAME_HEAD_BYTES, end))
  try {
    decipher.final()
  } catch {
    return null
  }
  return plain
}

function frameHead(length: number, index: number): Buffer {
  const fields = Buffer.concat([u32(length), u32(index)])
  return Buffer.concat([fields, u32(crc32(fields))])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(index, 8)
  return nonce
}

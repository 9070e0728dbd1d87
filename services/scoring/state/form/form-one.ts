import type { Tagged, Words } from './words.ts'

const BLOCK_HEAD = 6
const HOUR_MS = 3_600_000

/**
 * Reads the form that development versions wrote: no check, no hour, a bitmap
 * and whole words. It goes when nobody's data directory can hold it any more.
 *
 * Returns what followed the blocks. Throws RangeError where bytes are missing.
 */
export function unpackFormOne(words: Words | null, blocks: readonly Tagged[], bytes: Uint8Array): Uint8Array {
  if (bytes.length < 2) throw new RangeError('packed state ends early')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 2
  for (let stored = 0; stored < (bytes[1] ?? 0); stored++) {
    const tag = view.getUint32(at)
    const length = view.getUint16(at + 4)
    const wanted = blocks.find((block) => block.tag === tag && block.length === length)
    at = unpack(wanted === undefined ? null : words, wanted?.at ?? 0, length, view, at + BLOCK_HEAD)
  }
  return bytes.subarray(at)
}

/** The hour of the newest event: the first double of the first block, the worker's book. */
export function hourOfFormOne(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint16(6)
  const bitmap = 2 + BLOCK_HEAD
  if (((bytes[bitmap] ?? 0) & 3) !== 3) return 0
  return Math.floor(view.getFloat64(bitmap + Math.ceil(length / 8), true) / HOUR_MS)
}

function unpack(words: Words | null, first: number, length: number, from: DataView, at: number): number {
  let next = at + Math.ceil(length / 8)
  for (let index = 0; index < length; index++) {
    if (((from.getUint8(at + (index >>> 3)) >>> (index & 7)) & 1) === 0) continue
    const word = from.getUint32(next, true)
    if (words !== null) words.u32[first + index] = word
    next += 4
  }
  return next
}

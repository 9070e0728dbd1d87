import { pack, packedBound, unpack, type Words } from './words.ts'

/** First byte of every stored state; another number is another form. */
const FORM = 1
const HEAD = 6

/** A range of words under a name; the tag tells owner, version and layout. */
export interface Tagged {
  readonly tag: number
  /** First word, and how many. */
  readonly at: number
  readonly length: number
}

/** Packs blocks: form, number of blocks, each as tag, length and packed words, then whatever follows. */
export function packAll(words: Words, blocks: readonly Tagged[], tail: Uint8Array): Uint8Array {
  let bound = 2 + tail.length
  for (const { length } of blocks) bound += HEAD + packedBound(length)
  // Not zeroed and from a pool: `pack` writes every byte up to where it ends.
  const bytes = Buffer.allocUnsafe(bound)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  bytes[0] = FORM
  bytes[1] = blocks.length
  let at = 2
  for (const { tag, at: start, length } of blocks) {
    view.setUint32(at, tag)
    view.setUint16(at + 4, length)
    at = pack(words, start, length, bytes, at + HEAD)
  }
  bytes.set(tail, at)
  return new Uint8Array(bytes.subarray(0, at + tail.length))
}

/**
 * Fills empty ranges from what `packAll` wrote, and returns what followed. A
 * stored block that is not asked for is skipped; one that is missing stays
 * empty. Throws RangeError on another form or on bytes that end early: a fault
 * of storage, not of input.
 */
export function unpackAll(words: Words, blocks: readonly Tagged[], bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== FORM) throw new RangeError(`state has form ${bytes[0]}, this version reads ${FORM}`)
  if (bytes.length < 2) throw new RangeError('packed state ends early')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 2
  for (let stored = 0; stored < (bytes[1] ?? 0); stored++) {
    const tag = view.getUint32(at)
    const length = view.getUint16(at + 4)
    const wanted = blocks.find((block) => block.tag === tag && block.length === length)
    at = unpack(wanted === undefined ? null : words, wanted?.at ?? 0, length, bytes, at + HEAD)
  }
  return bytes.subarray(at)
}

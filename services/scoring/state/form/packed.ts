import { crc32 } from 'node:zlib'
import { hourOfFormOne, unpackFormOne } from './form-one.ts'
import { packedBound, WordReader, WordWriter } from './word-codec.ts'
import type { Tagged, Words } from './words.ts'

/** First byte of every stored state; another number is another form. What to do when it has to change: the README of scoring. */
const FORM = 2
const FORM_ONE = 1
const CRC_AT = 1
const BLOCKS_AT = 5
const HOUR_AT = 6
const FLAGS_AT = 9
const SINCE_AT = 10
const HEAD_BYTES = 13
const BLOCK_HEAD = 6
const MOST_FOREIGN = 16
const ESTABLISHED = 1

/** What stands before the words: enough to forget an entity without reading its state. */
export interface StateHead {
  /** Hour since the epoch that the tenant's event time had when this was learnt last. */
  readonly hour: number
  /** Some request of it was let through: a person or a network at work, and no invented name. */
  readonly established: boolean
}

/** A block of another version's, kept as it is for the day that version reads it again. */
export interface ForeignBlock {
  readonly tag: number
  readonly words: Uint32Array
}

export interface Foreign {
  readonly blocks: readonly ForeignBlock[]
  /** Hour since the epoch in which they were met first. */
  readonly since: number
}

/** Stored state that can't be read: of a newer version, or damaged. Scoring on emptiness instead would find the wrong people. */
export class UnreadableState extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'UnreadableState'
  }
}

/** Where states are packed, one after the other; grows to the largest. */
let scratch = Buffer.allocUnsafeSlow(16_384)
const writer = new WordWriter()
const reader = new WordReader()
const NO_BLOCKS: readonly ForeignBlock[] = []
export const NO_FOREIGN: Foreign = { blocks: NO_BLOCKS, since: 0 }

/**
 * Packs blocks:
 *
 *     state = u8 form ‖ u32 CRC of what follows ‖ u8 blocks ‖ u24 hour ‖ u8 flags ‖ u24 since ‖ block* ‖ tail
 *     block = u32 tag ‖ u16 words ‖ packed words
 */
export function packAll(
  words: Words,
  blocks: readonly Tagged[],
  tail: Uint8Array,
  head: StateHead = { hour: 0, established: false },
  foreign: Foreign = NO_FOREIGN,
): Uint8Array {
  let bound = HEAD_BYTES + tail.length
  for (const { length } of blocks) bound += BLOCK_HEAD + packedBound(length)
  for (const each of foreign.blocks) bound += BLOCK_HEAD + packedBound(each.words.length)
  if (scratch.length < bound) scratch = Buffer.allocUnsafeSlow(bound * 2)
  const bytes = scratch
  bytes[0] = FORM
  bytes.writeUIntLE(head.hour, HOUR_AT, 3)
  bytes[FLAGS_AT] = head.established ? ESTABLISHED : 0
  bytes.writeUIntLE(foreign.since, SINCE_AT, 3)
  writer.begin()
  let at = HEAD_BYTES
  let written = foreign.blocks.length
  for (const { tag, at: start, length } of blocks) {
    if (isEmpty(words.u32, start, length)) continue
    at = writeBlock(bytes, at, tag, words.u32, start, length)
    written += 1
  }
  bytes[BLOCKS_AT] = written
  for (const each of foreign.blocks) {
    at = writeBlock(bytes, at, each.tag, each.words, 0, each.words.length)
  }
  bytes.set(tail, at)
  const whole = bytes.subarray(0, at + tail.length)
  whole.writeUInt32LE(crc32(whole.subarray(BLOCKS_AT)), CRC_AT)
  // Out of a pool: a buffer of its own would cost more than all of the packing.
  return Buffer.from(whole)
}

/** A block that is left out is read as empty; most detectors know nothing of most entities. */
function isEmpty(u32: Uint32Array, start: number, length: number): boolean {
  for (let at = start; at < start + length; at++) if (u32[at] !== 0) return false
  return true
}

function writeBlock(
  into: Buffer,
  at: number,
  tag: number,
  u32: Uint32Array,
  start: number,
  length: number,
): number {
  into.writeUInt32LE(tag, at)
  into.writeUInt16LE(length, at + 4)
  return writer.write(u32, start, length, into, at + BLOCK_HEAD)
}

/** What stands before the words. Reads nothing else: `checkPacked` comes first. */
export function headOf(bytes: Uint8Array): StateHead {
  if (bytes[0] === FORM_ONE) return { hour: hourOfFormOne(bytes), established: true }
  return { hour: hourAt(bytes, HOUR_AT), established: ((bytes[FLAGS_AT] ?? 0) & ESTABLISHED) !== 0 }
}

/** Throws UnreadableState for another form and for damaged bytes. */
export function checkPacked(bytes: Uint8Array): void {
  const form = bytes[0] ?? 0
  if (form === FORM_ONE) {
    try {
      unpackFormOne(null, [], bytes)
      return
    } catch {
      throw new UnreadableState('damaged state')
    }
  }
  if (form !== FORM) {
    throw new UnreadableState(`state of form ${form}, and this version reads form ${FORM}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEAD_BYTES || view.getUint32(CRC_AT, true) !== crc32(bytes.subarray(BLOCKS_AT))) {
    throw new UnreadableState('damaged state')
  }
}

export interface Unpacked {
  readonly head: StateHead
  /** Blocks that nobody asked for. */
  readonly foreign: Foreign
  readonly tail: Uint8Array
}

/**
 * Fills empty ranges from what `packAll` wrote. A block that is missing stays
 * empty. Of bytes that `checkPacked` has passed.
 */
export function unpackAll(words: Words, blocks: readonly Tagged[], bytes: Uint8Array): Unpacked {
  if (bytes[0] === FORM_ONE) {
    return { head: headOf(bytes), foreign: NO_FOREIGN, tail: unpackFormOne(words, blocks, bytes) }
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const others: ForeignBlock[] = []
  reader.begin()
  let at = HEAD_BYTES
  for (let stored = 0; stored < (bytes[BLOCKS_AT] ?? 0); stored++) {
    const tag = view.getUint32(at, true)
    const length = view.getUint16(at + 4, true)
    const wanted = blocks.find((block) => block.tag === tag && block.length === length)
    const into = wanted === undefined ? new Uint32Array(length) : words.u32
    at = reader.read(into, wanted?.at ?? 0, length, bytes, at + BLOCK_HEAD)
    if (wanted === undefined && others.length < MOST_FOREIGN) others.push({ tag, words: into })
  }
  const foreign = others.length === 0 ? NO_FOREIGN : { blocks: others, since: hourAt(bytes, SINCE_AT) }
  return { head: headOf(bytes), foreign, tail: bytes.subarray(at) }
}

function hourAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
}

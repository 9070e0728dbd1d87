import { hash } from 'node:crypto'

/** LMDB's longest key is 1978 bytes; a longer one of ours is cut and ends in its own hash. */
const LONGEST = 1_900
const KEPT = 1_800

/** Where a record is: the place of its block, and how far its offset is from the block's. Compaction keeps both. */
export function pointerTo(place: number, delta: number): Buffer {
  const pointer = Buffer.allocUnsafe(12)
  pointer.writeDoubleLE(place, 0)
  pointer.writeUInt32LE(delta, 8)
  return pointer
}

/** The bytes under which a compacted topic's index has a key: its UTF-8, so that prefixes sort together. */
export function indexKey(key: string): Buffer {
  if (key === '') return Buffer.from([0])
  const bytes = Buffer.from(key, 'utf8')
  if (bytes.length <= LONGEST) return bytes
  return Buffer.concat([bytes.subarray(0, KEPT), hash('sha256', bytes, 'buffer')])
}

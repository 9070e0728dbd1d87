import { hash } from 'node:crypto'

/** LMDB's longest key is 1978 bytes; a longer one of ours is cut and ends in its own hash. */
const LONGEST = 1_900
const KEPT = 1_800

/** The bytes under which a compacted topic's index has a key: its UTF-8, so that prefixes sort together. */
export function indexKey(key: string): Buffer {
  if (key === '') return Buffer.from([0])
  const bytes = Buffer.from(key, 'utf8')
  if (bytes.length <= LONGEST) return bytes
  return Buffer.concat([bytes.subarray(0, KEPT), hash('sha256', bytes, 'buffer')])
}

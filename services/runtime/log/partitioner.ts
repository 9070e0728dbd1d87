/**
 * The partition that a key gives, as Kafka's default partitioner has it, so
 * that both drivers place a key alike: `toPositive(murmur2(utf8(key))) mod n`.
 *
 * Keyed by `key` alone; a number of partitions that changes moves keys.
 */
export function partitionOf(key: string, partitions: number): number {
  if (partitions === 1) return 0
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions
}

const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/**
 * MurmurHash2, 32 bits, as a signed integer.
 *
 * @see A. Appleby, MurmurHash2 (public domain); the seed and the reading of
 *   bytes are those of `Utils.murmur2` in Apache Kafka's Java client.
 */
export function murmur2(data: Uint8Array): number {
  const length = data.length
  let h = SEED ^ length
  const whole = length & ~3
  const view = new DataView(data.buffer, data.byteOffset, length)
  for (let i = 0; i < whole; i += 4) {
    let k = Math.imul(view.getInt32(i, true), M)
    k ^= k >>> R
    h = Math.imul(h, M) ^ Math.imul(k, M)
  }
  const rest = length - whole
  if (rest > 0) {
    if (rest === 3) h ^= view.getUint8(whole + 2) << 16
    if (rest >= 2) h ^= view.getUint8(whole + 1) << 8
    h = Math.imul(h ^ view.getUint8(whole), M)
  }
  h = Math.imul(h ^ (h >>> 13), M)
  return h ^ (h >>> 15)
}

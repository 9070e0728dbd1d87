/**
 * 32-bit hash of text (FNV-1a over UTF-16 units, then murmur3's finaliser),
 * never 0: in state, 0 is an empty slot. Two of 10,000 values collide with
 * probability 1 %; a collision makes one value look familiar, no more.
 *
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 * @example hash32('alice') !== hash32('alicf')
 */
export function hash32(text: string, seed = 0x811c9dc5): number {
  return finish(begin(text, seed))
}

/**
 * The state of a hash after the first part of a text, as the seed for the rest:
 * the whole need not be put together.
 *
 * @example hash32('b', begin('a')) === hash32('ab')
 */
export function begin(text: string, seed = 0x811c9dc5): number {
  let hash = seed
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash
}

/** Two hashes of one text, as `hash32` gives them for two seeds, in one pass over it. */
export function hash64(text: string, highSeed: number): { readonly low: number; readonly high: number } {
  let low = 0x811c9dc5
  let high = highSeed
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x01000193)
  }
  return { low: finish(low), high: finish(high) }
}

/** A hash of two hashes; order counts. Never 0, except that a missing part (0) gives 0. */
export function combine(first: number, second: number): number {
  if (first === 0 || second === 0) return 0
  return finish(Math.imul(first, 0x9e3779b1) ^ second)
}

/** Whether two hashes are of one thing that is known. */
export function same(first: number, second: number): boolean {
  return first !== 0 && first === second
}

/** Whether two hashes are of two things that are both known. */
export function differ(first: number, second: number): boolean {
  return first !== 0 && second !== 0 && first !== second
}

function finish(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  hash ^= hash >>> 16
  return hash >>> 0 || 1
}

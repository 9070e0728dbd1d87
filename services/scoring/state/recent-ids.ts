import { hash64 } from './hash.ts'
import type { Field } from './layout.ts'
import type { Words } from './words.ts'

/** Words before the ring: next place, newest second forgotten. */
const HEAD = 2
const WORDS_PER_ID = 3
const SECOND_SEED = 0x2c1b3c6d

/** An id as the ring holds it: 64 bits in two words. */
export interface HashedId {
  readonly low: number
  readonly high: number
}

/** Hashes an id for all the calls that take it. */
export function hashId(id: string): HashedId {
  return hash64(id, SECOND_SEED)
}

/**
 * The last ids of an entity, as 64-bit hashes with the second of their event
 * time, so that a producer's retry is counted once.
 *
 * The bound is exact, not hopeful: `forgottenMs` is the newest event time that
 * was pushed out. An event older than that might be a repeat nobody can name
 * any more, so it is judged but not learnt. Two different ids of one ring
 * collide with probability 2^-58.
 */
export class RecentIds {
  readonly #u32: Uint32Array
  readonly #at: number
  readonly #capacity: number

  constructor(words: Words, at: number, capacity: number) {
    this.#u32 = words.u32
    this.#at = at
    this.#capacity = capacity
  }

  /** Second of the newest event time among the ids that were forgotten, in ms since the epoch; 0 while none was. */
  get forgottenMs(): number {
    return (this.#u32[this.#at + 1] ?? 0) * 1000
  }

  /** Whether the id is among the last ones. */
  has({ low, high }: HashedId): boolean {
    const u32 = this.#u32
    for (let index = 0, at = this.#at + HEAD; index < this.#capacity; index++, at += WORDS_PER_ID) {
      if (u32[at] === low && u32[at + 1] === high) return true
    }
    return false
  }

  add({ low, high }: HashedId, atMs: number): void {
    const u32 = this.#u32
    const next = u32[this.#at] ?? 0
    const at = this.#at + HEAD + next * WORDS_PER_ID
    u32[this.#at + 1] = Math.max(u32[this.#at + 1] ?? 0, u32[at + 2] ?? 0)
    u32[at] = low
    u32[at + 1] = high
    u32[at + 2] = Math.floor(atMs / 1000)
    u32[this.#at] = (next + 1) % this.#capacity
  }
}

/** A field of a layout that holds the last `capacity` ids. */
export function recentIds(capacity: number): Field<RecentIds> {
  return {
    words: HEAD + capacity * WORDS_PER_ID,
    form: `ids${capacity}`,
    read: (words, at) => new RecentIds(words, at, capacity),
    write() {
      // A view: the words already hold it.
    },
  }
}

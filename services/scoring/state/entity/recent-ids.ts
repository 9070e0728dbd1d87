import { hash32 } from '../hash.ts'
import type { Field } from '../form/layout.ts'
import type { Words } from '../form/words.ts'

/** Words before the ring: next place, newest second forgotten. */
const HEAD = 2

/** Hashes an id for all the calls that take it. */
export function hashId(id: string): number {
  return hash32(id)
}

/**
 * The last ids of an entity, so that a producer's retry is counted once: 32 bits
 * of hash and the second of the event time, which a retry has in common with
 * what it repeats. Seconds and hashes lie apart, so that seconds, which differ
 * little, pack into two bytes each.
 *
 * The bound is exact, not hopeful: `forgottenMs` is the newest event time that
 * was pushed out. An event older than that might be a repeat nobody can name
 * any more, so it is judged but not learnt. Two different ids of one second
 * collide with probability 2^-32.
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

  /** Whether the id is among the last ones, with this event time. */
  has(hash: number, atMs: number): boolean {
    const u32 = this.#u32
    const second = Math.floor(atMs / 1000)
    const seconds = this.#at + HEAD
    const hashes = seconds + this.#capacity
    for (let index = 0; index < this.#capacity; index++) {
      if (u32[hashes + index] === hash && u32[seconds + index] === second) return true
    }
    return false
  }

  add(hash: number, atMs: number): void {
    const u32 = this.#u32
    const next = u32[this.#at] ?? 0
    const at = this.#at + HEAD + next
    u32[this.#at + 1] = Math.max(u32[this.#at + 1] ?? 0, u32[at] ?? 0)
    u32[at] = Math.floor(atMs / 1000)
    u32[at + this.#capacity] = hash
    u32[this.#at] = (next + 1) % this.#capacity
  }
}

/** A field of a layout that holds the last `capacity` ids. */
export function recentIds(capacity: number): Field<RecentIds> {
  return {
    words: HEAD + capacity * 2,
    form: `seconds-ids${capacity}`,
    read: (words, at) => new RecentIds(words, at, capacity),
    write() {
      // A view: the words already hold it.
    },
  }
}

import type { Field } from './layout.ts'
import type { Words } from './words.ts'

const WORDS_PER_SLOT = 3
/** Plain counters (infinite half-life) fade by a day when a place is needed, or old ones would hold it for ever. */
const DAY_MS = 86_400_000

/**
 * A bounded map from hashed values to decayed weights: key, weight (float) and
 * the second of its last use, three words a slot. Full, it forgets the value of
 * the smallest weight, as a space-saving counter does. A view of the words:
 * nothing is copied in or out.
 */
export class Slots {
  readonly capacity: number
  readonly #u32: Uint32Array
  readonly #f32: Float32Array
  readonly #at: number

  constructor(words: Words, at: number, capacity: number) {
    this.#u32 = words.u32
    this.#f32 = words.f32
    this.#at = at
    this.capacity = capacity
  }

  /** Index of a value's slot, or -1. */
  find(key: number): number {
    if (key === 0) return -1
    let at = this.#at
    for (let index = 0; index < this.capacity; index++, at += WORDS_PER_SLOT) {
      if (this.#u32[at] === key) return index
    }
    return -1
  }

  key(index: number): number {
    return this.#u32[this.#at + index * WORDS_PER_SLOT] ?? 0
  }

  /** Weight decayed to `atMs`; 0 for index -1. An instant before the last use does not raise it. */
  weight(index: number, atMs: number, halfLifeMs: number): number {
    if (index < 0) return 0
    const at = this.#at + index * WORDS_PER_SLOT
    const elapsedMs = atMs - (this.#u32[at + 2] ?? 0) * 1000
    const weight = this.#f32[at + 1] ?? 0
    return elapsedMs <= 0 ? weight : weight * 2 ** (-elapsedMs / halfLifeMs)
  }

  /** Weight as it was at the last use, undecayed: a plain counter when `add` is given an infinite half-life. */
  raw(index: number): number {
    return index < 0 ? 0 : (this.#f32[this.#at + index * WORDS_PER_SLOT + 1] ?? 0)
  }

  /** Second of the last use in ms since the epoch; 0 for index -1. */
  lastMs(index: number): number {
    return index < 0 ? 0 : (this.#u32[this.#at + index * WORDS_PER_SLOT + 2] ?? 0) * 1000
  }

  /** Adds to a value's weight and returns its index; a new value may take the lightest one's place. */
  add(key: number, atMs: number, halfLifeMs: number, amount = 1): number {
    if (key === 0) return -1
    let index = this.find(key)
    if (index === -1) {
      index = this.#lightest(atMs, halfLifeMs)
      const at = this.#at + index * WORDS_PER_SLOT
      this.#u32[at] = key
      this.#f32[at + 1] = 0
      this.#u32[at + 2] = 0
    }
    const at = this.#at + index * WORDS_PER_SLOT
    this.#f32[at + 1] = this.weight(index, atMs, halfLifeMs) + amount
    this.#u32[at + 2] = Math.max(this.#u32[at + 2] ?? 0, Math.floor(atMs / 1000))
    return index
  }

  /** Forgets a value, if it is there. */
  remove(key: number): void {
    const index = this.find(key)
    if (index === -1) return
    const at = this.#at + index * WORDS_PER_SLOT
    this.#u32.fill(0, at, at + WORDS_PER_SLOT)
  }

  /** How many values have been used since `sinceMs`. */
  usedSince(sinceMs: number): number {
    let used = 0
    for (let index = 0; index < this.capacity; index++) {
      if (this.key(index) !== 0 && this.lastMs(index) >= sinceMs) used += 1
    }
    return used
  }

  clear(): void {
    this.#u32.fill(0, this.#at, this.#at + this.capacity * WORDS_PER_SLOT)
  }

  #lightest(atMs: number, halfLifeMs: number): number {
    const fadeMs = Number.isFinite(halfLifeMs) ? halfLifeMs : DAY_MS
    let lightest = 0
    let least = Infinity
    for (let index = 0; index < this.capacity; index++) {
      if (this.key(index) === 0) return index
      const weight = this.weight(index, atMs, fadeMs)
      if (weight < least) {
        least = weight
        lightest = index
      }
    }
    return lightest
  }
}

/** A field of a layout that holds `capacity` slots. */
export function slots(capacity: number): Field<Slots> {
  return {
    words: capacity * WORDS_PER_SLOT,
    form: `slots${capacity}`,
    read: (words, at) => new Slots(words, at, capacity),
    write() {
      // A view: the words already hold it.
    },
  }
}

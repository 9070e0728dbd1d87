import type { Field } from './layout.ts'
import type { Words } from './words.ts'

/**
 * Mean and variance of the observations so far, the last `most` of which weigh
 * most: a plain mean at first, and exponentially weighted from then on. A view
 * of the words, in single precision: no threshold is known to more digits.
 *
 * @see West, "Updating Mean and Variance Estimates: An Improved Method",
 *   Communications of the ACM 1979.
 */
export class Moments {
  readonly #f32: Float32Array
  readonly #at: number

  constructor(words: Words, at: number) {
    this.#f32 = words.f32
    this.#at = at
  }

  /** How many observations, at most as many as weigh. */
  get n(): number {
    return this.#f32[this.#at] ?? 0
  }

  get mean(): number {
    return this.#f32[this.#at + 1] ?? 0
  }

  get variance(): number {
    return this.#f32[this.#at + 2] ?? 0
  }

  add(value: number, most: number): void {
    const n = Math.min(most, this.n + 1)
    const off = value - this.mean
    const variance = (1 - 1 / n) * (this.variance + (off * off) / n)
    this.#f32[this.#at] = n
    this.#f32[this.#at + 1] = this.mean + off / n
    this.#f32[this.#at + 2] = variance
  }

  /** How many deviations a value lies above the mean; `least` bounds the deviation from below. 0 before the first observation. */
  above(value: number, least: number): number {
    return this.n === 0 ? 0 : (value - this.mean) / Math.max(least, Math.sqrt(this.variance))
  }
}

/** A field of a layout that holds the moments of one quantity. */
export const moments: Field<Moments> = {
  words: 4,
  form: 'moments32',
  read: (words, at) => new Moments(words, at),
  write() {
    // A view: the words already hold it.
  },
}

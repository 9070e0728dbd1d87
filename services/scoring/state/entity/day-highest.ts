import type { Scores } from '../../../../schemas/scored-decision.ts'
import { combine, hash32 } from '../hash.ts'
import type { Layout } from '../form/layout.ts'
import type { Words } from '../form/words.ts'

/** A rise by less is not told: scores are counted in steps of 2 %. */
const STEP = 1.02

/** The highest score of each of an entity's detectors on the day in hand, as far as it was told. */
export class DayHighest {
  readonly #f32: Float32Array
  readonly #at: number
  readonly #count: number

  constructor(words: Words, at: number, count: number) {
    this.#f32 = words.f32
    this.#at = at
    this.#count = count
  }

  /**
   * Takes in the scores of one decision.
   *
   * @param ids of the detectors, in the order in which they are kept
   * @param first it is the entity's first of the day
   * @returns the day's highest scores, where there is something to tell; zeros are left out
   */
  take(ids: readonly string[], scores: Scores, first: boolean): Scores | undefined {
    let news = first
    for (let index = 0; index < this.#count; index++) {
      const score = scores[ids[index] ?? ''] ?? 0
      const told = first ? 0 : (this.#f32[this.#at + index] ?? 0)
      const risen = score > told * STEP
      if (risen || first) this.#f32[this.#at + index] = score
      news ||= risen
    }
    if (!news) return undefined
    const highest: Record<string, number> = {}
    for (let index = 0; index < this.#count; index++) {
      const score = this.#f32[this.#at + index] ?? 0
      if (score > 0) highest[ids[index] ?? ''] = Math.round(score * 1000) / 1000
    }
    return highest
  }
}

/** One number of single precision a detector. */
export function dayHighest(count: number): Layout<DayHighest> {
  return {
    words: count + (count % 2),
    fingerprint: combine(hash32('day-highest-1'), count),
    read: (words, at) => new DayHighest(words, at, count),
    write() {
      // A view: the words already hold it.
    },
  }
}

import { combine, hash32 } from '../hash.ts'
import type { Layout } from '../form/layout.ts'
import type { Words } from '../form/words.ts'

/** Sixteenths of a nat fit a byte. */
const PARTS = 8
const MOST = 255
const QUARTER_MS = 15 * 60_000
const DAY_QUARTERS = 96
/** Evidence halves in three hours: an attack's parts are added up, a week's small surprises are not. */
const HALF_LIFE_QUARTERS = 12
/** What was told is news again when it has halved some times, at three days each. */
const TOLD_HALF_LIFE_DAYS = 3
/** A surprise that comes again about another thing adds a tenth. */
const AGAIN = 0.1
/** However often: half as much again as one of them. */
const MOST_TIMES = 1.5

/**
 * What an entity's decisions have said against it lately, in nats, by detector:
 * the most of each, and not the sum, since the same surprise repeated says
 * little; a tenth more when it is about another resource. Fades with event time in steps of a quarter
 * of an hour, so that what is in memory is what is stored. Beside it how much
 * of that a finding has told already: what was told is no news the next day.
 */
export class RunningEvidence {
  readonly #u32: Uint32Array
  readonly #at: number
  readonly #current: Uint8Array
  readonly #told: Uint8Array

  constructor(words: Words, at: number, count: number) {
    this.#u32 = words.u32
    this.#at = at
    const start = (at + 4) * 4
    this.#current = words.bytes.subarray(start, start + count)
    this.#told = words.bytes.subarray(start + roomOf(count), start + roomOf(count) + count)
  }

  /**
   * Takes in what one decision says, and returns the news: evidence beyond what
   * was told, over all detectors. A decision of before the last one fades nothing.
   *
   * @param nats by detector
   * @param thing hash of what the decision is about
   */
  take(nats: ArrayLike<number>, thing: number, atMs: number): number {
    this.#fade(Math.floor(atMs / QUARTER_MS))
    const another = thing !== this.#u32[this.#at + 2]
    let some = false
    let news = 0
    for (let index = 0; index < this.#current.length; index++) {
      const added = Math.min(MOST, Math.floor((nats[index] ?? 0) * PARTS))
      const before = this.#current[index] ?? 0
      if (added > 0) {
        some = true
        const more = another ? Math.floor(AGAIN * Math.min(before, added)) : 0
        const most = Math.min(MOST, Math.max(before, Math.floor(MOST_TIMES * added)))
        this.#current[index] = Math.min(most, Math.max(before, added) + more)
      }
      news += Math.max(0, (this.#current[index] ?? 0) - (this.#told[index] ?? 0))
    }
    if (some) this.#u32[this.#at + 2] = thing
    return news / PARTS
  }

  /** Evidence of one detector that is still there, in nats. */
  of(index: number): number {
    return (this.#current[index] ?? 0) / PARTS
  }

  /** A part of it that was not told yet. */
  newsOf(index: number): number {
    return Math.max(0, (this.#current[index] ?? 0) - (this.#told[index] ?? 0)) / PARTS
  }

  /** All that there is now has been told. */
  tell(): void {
    for (let index = 0; index < this.#current.length; index++)
      this.#told[index] = Math.max(this.#told[index] ?? 0, this.#current[index] ?? 0)
  }

  #fade(quarter: number): void {
    const since = this.#u32[this.#at] ?? 0
    if (quarter <= since) return
    this.#u32[this.#at] = quarter
    if (since === 0) return
    scale(this.#current, 2 ** (-(quarter - since) / HALF_LIFE_QUARTERS))
    const days = Math.floor(quarter / DAY_QUARTERS) - Math.floor(since / DAY_QUARTERS)
    if (days > 0) scale(this.#told, 2 ** (-days / TOLD_HALF_LIFE_DAYS))
  }
}

function scale(values: Uint8Array, factor: number): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0
    if (value !== 0) values[index] = Math.floor(value * factor)
  }
}

/** Bytes for so many detectors, whole words. */
function roomOf(count: number): number {
  return Math.ceil(count / 8) * 8
}

/** How evidence of so many detectors lies in words: two for the time, two for the last thing, then a byte a detector, twice. */
export function runningEvidence(count: number): Layout<RunningEvidence> {
  return {
    words: 4 + roomOf(count) / 2,
    fingerprint: combine(hash32('running-evidence-1'), count),
    read: (words, at) => new RunningEvidence(words, at, count),
    write() {
      // A view: the words already hold it.
    },
  }
}

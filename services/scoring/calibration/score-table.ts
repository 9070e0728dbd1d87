import { fitTail, tailScore, tailShare, type Tail } from './tail-fit.ts'

/** Each bucket is so much wider than the one below. */
const GROWTH = 1.02
const LEAST_SCORE = 0.01
const BUCKETS = 1000
/** Where the fitted tail begins: the top 2 % of all scores. */
const TAIL_SHARE = 0.02
/** Fewer scores above than this, and the fitted tail speaks in place of the count. */
const FEW = 10

/** How rare a score is, and whether that rests on a fitted tail rather than on a count. */
export interface Rarity {
  readonly p: number
  readonly extrapolated: boolean
}

/** A table in a form that can be stored: the buckets that hold anything. */
export interface StoredTable {
  readonly zeros: number
  readonly buckets: readonly (readonly [index: number, weight: number])[]
}

/**
 * The scores of one detector in one segment, as weights in buckets that grow by
 * 2 %: enough for conformal p-values without keeping scores. Bounded at 8 KB.
 *
 *     p(s) = (1 + weight of scores >= s) / (1 + weight of all)
 *
 * valid without any assumption on the distribution, as long as scores come as
 * they came; a score counts as if it were the least of its bucket, so p is never
 * too small. Where fewer than ten scores lie above, a generalised Pareto tail
 * speaks, and says so.
 *
 * @see Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World", 2005;
 *   Barber et al., "Conformal Prediction Beyond Exchangeability", Annals of
 *   Statistics 2023 (weights for drift).
 */
export class ScoreTable {
  #zeros = 0
  #total = 0
  readonly #buckets = new Float64Array(BUCKETS)
  /** Weight from a bucket on; with the tail worked out again once the total has grown by a hundredth: each time would cost a thousand steps a score. */
  readonly #from = new Float64Array(BUCKETS + 1)
  #tail: Tail | undefined
  /** Total when the two above were worked out. */
  #countedAt = -1

  /** Weight of all scores. */
  get total(): number {
    return this.#total
  }

  add(score: number, weight: number): void {
    if (!(weight > 0)) return
    this.#total += weight
    if (!(score >= LEAST_SCORE)) this.#zeros += weight
    else {
      const index = bucketOf(score)
      this.#buckets[index] = (this.#buckets[index] ?? 0) + weight
    }
  }

  /** Multiplies all weights: what was seen long ago counts less. */
  fade(factor: number): void {
    this.#zeros *= factor
    this.#total = this.#zeros
    for (let index = 0; index < BUCKETS; index++) {
      const weight = (this.#buckets[index] ?? 0) * factor
      this.#buckets[index] = weight < 1e-9 ? 0 : weight
      this.#total += this.#buckets[index] ?? 0
    }
    this.#countedAt = -1
  }

  rarityOf(score: number): Rarity {
    if (!(score >= LEAST_SCORE)) return { p: 1, extrapolated: false }
    this.#refresh()
    const above = this.#from[bucketOf(score)] ?? 0
    const p = (1 + above) / (1 + this.#countedAt)
    if (above >= FEW || this.#tail === undefined || score <= this.#tail.from)
      return { p, extrapolated: false }
    return { p: Math.min(p, Math.max(1e-12, tailShare(this.#tail, score))), extrapolated: true }
  }

  /**
   * Where a score lies between 0 (rarest) and 1, `chance` of the way through the
   * scores that count as equal: uniform for scores that come as they came.
   */
  placeOf(score: number, chance: number): number {
    this.#refresh()
    const index = score >= LEAST_SCORE ? bucketOf(score) : -1
    const above = this.#from[index + 1] ?? 0
    const from = index < 0 ? this.#countedAt : (this.#from[index] ?? 0)
    return (above + chance * (1 + from - above)) / (1 + this.#countedAt)
  }

  /** The least score that is as rare as `p`; infinite where neither count nor tail reach so far. */
  scoreAt(p: number): number {
    this.#refresh()
    const wanted = p * (1 + this.#countedAt) - 1
    if (wanted >= FEW || this.#tail === undefined) {
      for (let index = 0; index < BUCKETS; index++)
        if ((this.#from[index] ?? 0) <= wanted) return wanted < 0 ? Infinity : leastOf(index)
      return Infinity
    }
    return Math.max(this.#tail.from, tailScore(this.#tail, p))
  }

  /** The least score above all that were counted. */
  get above(): number {
    let index = BUCKETS
    while (index > 0 && (this.#buckets[index - 1] ?? 0) === 0) index -= 1
    return leastOf(index)
  }

  stored(): StoredTable {
    const buckets: [number, number][] = []
    this.#buckets.forEach((weight, index) => {
      if (weight > 0) buckets.push([index, Math.round(weight * 1000) / 1000])
    })
    return { zeros: Math.round(this.#zeros * 1000) / 1000, buckets }
  }

  static restore({ zeros, buckets }: StoredTable): ScoreTable {
    const table = new ScoreTable()
    table.#zeros = zeros
    table.#total = zeros
    for (const [index, weight] of buckets) {
      if (index < 0 || index >= BUCKETS) continue
      table.#buckets[index] = weight
      table.#total += weight
    }
    return table
  }

  #refresh(): void {
    if (this.#countedAt >= 0 && this.#total <= this.#countedAt * 1.01 + 1) return
    this.#countedAt = this.#total
    let sum = 0
    for (let index = BUCKETS - 1; index >= 0; index--) {
      sum += this.#buckets[index] ?? 0
      this.#from[index] = sum
    }
    let start = 0
    while (start < BUCKETS - 1 && (this.#from[start] ?? 0) > TAIL_SHARE * this.#total) start += 1
    const above: [number, number][] = []
    for (let index = start; index < BUCKETS; index++) {
      const weight = this.#buckets[index] ?? 0
      if (weight > 0) above.push([leastOf(index) * Math.sqrt(GROWTH), weight])
    }
    this.#tail = fitTail(leastOf(start), above, this.#total)
  }
}

function bucketOf(score: number): number {
  const index = Math.floor(Math.log(score / LEAST_SCORE) / Math.log(GROWTH) + 1e-9)
  return Math.min(BUCKETS - 1, Math.max(0, index))
}

/** The least score of a bucket. */
function leastOf(index: number): number {
  return LEAST_SCORE * GROWTH ** index
}

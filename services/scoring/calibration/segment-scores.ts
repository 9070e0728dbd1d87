import type { RecentPlaces } from './recent-places.ts'
import { ScoreTable, type StoredTable } from './score-table.ts'

/** Weight of a score halves in this time. */
export const HALF_LIFE_HOURS = 14 * 24
/** How rare the scores of one detector are in one segment: those of weeks, placed among those of the last days. */
export class SegmentScores {
  readonly #table: ScoreTable
  readonly #recent: RecentPlaces

  /** @param recent where scores lay among those of their segments; segments that are alike may share it, since few are drawn of each */
  constructor(recent: RecentPlaces, table = new ScoreTable()) {
    this.#table = table
    this.#recent = recent
  }

  /** Weight of all scores. */
  get total(): number {
    return this.#table.total
  }

  add(score: number): void {
    this.#table.add(score, 1)
  }

  /**
   * The p-value of a score that was drawn by chance, `chance` of the way through
   * the scores that count as equal; the draw tells how rare others are from now on.
   */
  draw(score: number, chance: number): number {
    const place = this.#table.placeOf(score, chance)
    const p = this.#recent.placeOf(place)
    this.#recent.add(place)
    return p
  }

  /** Hours of event time have passed; what is shared fades by itself. */
  fade(hours: number): void {
    this.#table.fade(2 ** (-hours / HALF_LIFE_HOURS))
  }

  /** The least score that is as rare as `p`; infinite where neither count nor tail reach so far. */
  scoreAt(p: number): number {
    return this.#table.scoreAt(this.#recent.inverse(p))
  }

  /** The least score above all that were counted. */
  get above(): number {
    return this.#table.above
  }

  /** The share of scores that are as high: the inverse of `scoreAt`. */
  shareFrom(score: number): number {
    return this.#recent.placeOf(this.#table.rarityOf(score).p)
  }

  /** Whether a fitted tail says how rare the score is. */
  isExtrapolated(score: number): boolean {
    return this.#table.rarityOf(score).extrapolated
  }

  stored(): StoredTable {
    return this.#table.stored()
  }

  static restore(recent: RecentPlaces, table: StoredTable): SegmentScores {
    return new SegmentScores(recent, ScoreTable.restore(table))
  }
}

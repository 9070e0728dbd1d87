import { chanceOf } from './chance.ts'

const HOUR_MS = 3_600_000
const DAY_HOURS = 24
const WEEK_DAYS = 7
/** Drawn of the busiest day's decisions, and their share at most. */
const A_DAY = 500
const MOST_SHARE = 1 / 8
const MOST_SEEN = 20_000

/** Decisions of the last days with any, the one in hand last, in a form that can be stored. */
export type StoredDrawn = readonly number[]

/**
 * Which decisions are drawn by chance, at most one of an entity an hour: some
 * five hundred of the busiest day of the last seven, and as large a share of all
 * others. Were it so many of the day before, a Monday would be drawn as if it were a
 * Sunday, by thousands, and a sample that is to rest on days would be one of hours.
 */
export class Drawn {
  readonly #seen = new Set<string>()
  #hour = 0
  #days: number[] = [0]

  /** Whether a decision belongs to the sample; asked once for each. Who comes late counts for the hour in hand. */
  takes(id: string, entity: string, atMs: number): boolean {
    const hour = Math.floor(atMs / HOUR_MS)
    if (hour > this.#hour) this.#begin(hour)
    this.#days[this.#days.length - 1] = (this.#days.at(-1) ?? 0) + 1
    if (chanceOf(id, 'drawn') >= this.#share) return false
    if (this.#seen.size >= MOST_SEEN || this.#seen.has(entity)) return false
    this.#seen.add(entity)
    return true
  }

  stored(): StoredDrawn {
    return this.#days
  }

  restore(stored: StoredDrawn, hour: number): void {
    this.#days = [...stored]
    this.#hour = hour
  }

  /** Of days that are over, the last seven at most. */
  get #share(): number {
    let busiest = 1
    for (let index = 0; index < this.#days.length - 1; index++)
      busiest = Math.max(busiest, this.#days[index] ?? 0)
    return Math.min(MOST_SHARE, A_DAY / busiest)
  }

  #begin(hour: number): void {
    if (this.#hour !== 0 && Math.floor(hour / DAY_HOURS) > Math.floor(this.#hour / DAY_HOURS))
      this.#days = [...this.#days.slice(-WEEK_DAYS), 0]
    this.#hour = hour
    this.#seen.clear()
  }
}

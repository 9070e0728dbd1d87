import { hash32 } from '../state/hash.ts'
import { uniformity } from './uniformity.ts'

const MOST_PLACES = 1000
/** Fewer say nothing. */
const LEAST_PLACES = 200
const MOST_SEEN = 20_000
const HOUR_MS = 3_600_000
/** Drawn of a day's decisions, and their share at most. */
const A_DAY = 500
const MOST_SHARE = 1 / 32

/** How even the places of a detector's scores have been. */
export interface Evenness {
  readonly detector: string
  readonly places: number
  /** Kolmogorov and Smirnov's statistic, and how likely as large a one is by chance. */
  readonly statistic: number
  readonly p: number
}

/**
 * A sample of where new scores lie among the old ones, by detector: decisions
 * drawn by chance, and at most one of an entity an hour, since those of one hour are alike. The first of each
 * hour would not do: it is stranger than those that follow it. So few are drawn that a thousand are two days or more. Where nothing happens
 * the places are uniform; a detector whose places are not is out of calibration.
 */
export class Places {
  readonly #byDetector = new Map<string, number[]>()
  readonly #seen = new Set<string>()
  #hour = 0
  /** Decisions of this day, and of the one before. */
  #today = 0
  #before = 0

  /** Whether a decision belongs to the sample; asked once for each. */
  takes(entity: string, atMs: number): boolean {
    const hour = Math.floor(atMs / HOUR_MS)
    if (hour !== this.#hour) {
      if (Math.floor(hour / 24) !== Math.floor(this.#hour / 24)) {
        this.#before = this.#today
        this.#today = 0
      }
      this.#hour = hour
      this.#seen.clear()
    }
    this.#today += 1
    if (hash32(`${entity} ${atMs}`) / 2 ** 32 >= Math.min(MOST_SHARE, A_DAY / Math.max(1, this.#before)))
      return false
    if (this.#seen.size >= MOST_SEEN || this.#seen.has(entity)) return false
    this.#seen.add(entity)
    return true
  }

  /** A number in [0, 1) that follows from entity, hour and detector alone. */
  chance(entity: string, detector: string): number {
    return hash32(`${this.#hour} ${entity} ${detector}`) / 2 ** 32
  }

  add(detector: string, place: number): void {
    let places = this.#byDetector.get(detector)
    if (places === undefined) {
      places = []
      this.#byDetector.set(detector, places)
    }
    places.push(place)
    if (places.length > MOST_PLACES) places.shift()
  }

  evenness(): Evenness[] {
    return [...this.#byDetector]
      .filter(([, places]) => places.length >= LEAST_PLACES)
      .map(([detector, places]) => ({ detector, places: places.length, ...uniformity(places) }))
  }
}

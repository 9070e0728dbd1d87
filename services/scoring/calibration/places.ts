import { hash32 } from '../state/hash.ts'
import { uniformity } from './uniformity.ts'

const MOST_PLACES = 1000
/** Fewer say nothing. */
const LEAST_PLACES = 200
const MOST_SEEN = 20_000

/** How even the places of a detector's scores have been. */
export interface Evenness {
  readonly detector: string
  readonly places: number
  /** Kolmogorov and Smirnov's statistic, and how likely as large a one is by chance. */
  readonly statistic: number
  readonly p: number
}

/**
 * A sample of where new scores lie among the old ones, by detector: one decision
 * of an entity an hour, since those of one hour are alike. Where nothing happens
 * the places are uniform; a detector whose places are not is out of calibration.
 */
export class Places {
  readonly #byDetector = new Map<string, number[]>()
  readonly #seen = new Set<string>()
  #hour = 0

  /** Whether a decision belongs to the sample; asked once for each. */
  takes(entity: string, hour: number): boolean {
    if (hour !== this.#hour) {
      this.#hour = hour
      this.#seen.clear()
    }
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

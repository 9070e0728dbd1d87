import { hash32 } from '../state/hash.ts'
import { chanceOf } from './chance.ts'
import { uniformity, type Uniformity } from './uniformity.ts'

const MOST_PLACES = 1000
/** Fewer say nothing. */
const LEAST_PLACES = 200
const MOST_SEEN = 20_000
const HOUR_MS = 3_600_000
/** Drawn of a day's decisions, and their share at most. */
const A_DAY = 500
const MOST_SHARE = 1 / 8
/** Of a detector that has just begun all baselines are new, and change from hour to hour: its first week is not judged. */
const FIRST_HOURS = 7 * 24

/** Hours since the epoch at which each detector's p-values began, by name. */
export type StoredBegan = readonly (readonly [detector: string, hour: number])[]

/** How even the p-values of a detector have been. */
export interface Evenness extends Uniformity {
  readonly detector: string
  readonly places: number
}

/**
 * A sample of p-values by detector: of decisions drawn by chance, at most one of
 * an entity an hour. The first of each hour would not do: it is stranger than
 * those that follow it. So few are drawn that a thousand are two days or more.
 * Where nothing happens they are uniform; a detector whose values are not is out
 * of calibration.
 *
 * That holds for scores that come as they came before. In a detector's first week
 * (of a tenant, or of a version) they don't: each day everybody is a little less
 * new, and no table of the days before knows that, however short its memory
 * (tried: half-lives of a quarter and an eighth of its age make it half as bad).
 * So values count from the eighth day on, when the table holds each day of the
 * week.
 */
export class Places {
  readonly #byDetector = new Map<string, { readonly p: number; readonly of: number }[]>()
  readonly #seen = new Set<string>()
  readonly #began = new Map<string, number>()
  #hour = 0
  /** Decisions of this day, and of the one before. */
  #today = 0
  #before = 0

  /** Whether a decision belongs to the sample; asked once for each. */
  takes(id: string, entity: string, atMs: number): boolean {
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
    if (chanceOf(id, 'drawn') >= Math.min(MOST_SHARE, A_DAY / Math.max(1, this.#before))) return false
    if (this.#seen.size >= MOST_SEEN || this.#seen.has(entity)) return false
    this.#seen.add(entity)
    return true
  }

  /** Takes a p-value in; `version` is the detector's. */
  add(detector: string, version: number, entity: string, p: number): void {
    const name = `${detector}@${version}`
    const began = this.#began.get(name)
    if (began === undefined) this.#began.set(name, this.#hour)
    if (began === undefined || this.#hour - began < FIRST_HOURS) return
    let places = this.#byDetector.get(detector)
    if (places === undefined) {
      places = []
      this.#byDetector.set(detector, places)
    }
    places.push({ p, of: hash32(entity) })
    if (places.length > MOST_PLACES) places.shift()
  }

  stored(): StoredBegan {
    return [...this.#began]
  }

  restore(began: StoredBegan): void {
    for (const [name, hour] of began) this.#began.set(name, hour)
  }

  evenness(): Evenness[] {
    return [...this.#byDetector]
      .filter(([, places]) => places.length >= LEAST_PLACES)
      .map(([detector, places]) => {
        const values = places.map(({ p }) => p)
        const of = places.map((place) => place.of)
        return { detector, places: places.length, ...uniformity(values, of) }
      })
  }
}

import { hash32 } from '../state/hash.ts'
import type { Calibrated } from './calibrated.ts'
import { uniformity, type Uniformity } from './uniformity.ts'

const MOST_PLACES = 1000
/** Fewer say nothing. */
const LEAST_PLACES = 200
const DAY_HOURS = 24
/** Of a detector that has just begun all baselines are new, and change from hour to hour: its first week is not judged, or as long as it says. */
const SETTLED_DAYS = 7

/** Hours since the epoch at which each detector's p-values began, by name. */
export type StoredBegan = readonly (readonly [detector: string, hour: number])[]

/** Whose p-values are judged. */
type Judged = Pick<Calibrated, 'id' | 'version' | 'settles_days'>

interface Place {
  readonly hour: number
  readonly p: number
  readonly of: number
}

/** How even the p-values of a detector have been. */
export interface Evenness extends Uniformity {
  readonly detector: string
  readonly places: number
}

/**
 * A sample of p-values by detector: of decisions drawn by chance (`drawn.ts`), at
 * most one of an entity an hour. The first of each hour would not do: it is
 * stranger than those that follow it. So few are drawn that a thousand are two days
 * or more, and less than a whole day's is not judged: what a day adds up to is less
 * in the morning than in the evening. Where nothing happens they are uniform; a
 * detector whose values are not is out of calibration.
 *
 * That holds for scores that come as they came before. In a detector's first week
 * (of a tenant, or of a version) they don't: each day everybody is a little less
 * new, and no table of the days before knows that, however short its memory
 * (tried: half-lives of a quarter and an eighth of its age make it half as bad).
 * So values count from the eighth day on, when the table holds each day of the
 * week; later of a detector that says nothing at first, or learns for longer, and
 * declares so (`settles_days`).
 *
 * Who is attacked counts as everybody does: a thief is a few values of a thousand,
 * and values of one person count for less (87 attacks on 60 people in 24 days: the
 * least p is 3e-5, of `spray`, whose days of networks are mostly thieves' then). To
 * leave out whom findings name would hide a detector that cries wolf.
 */
export class Places {
  readonly #byDetector = new Map<string, Place[]>()
  readonly #began = new Map<string, number>()

  /** Takes a p-value in; `hour` is that in hand, since the epoch. */
  add({ id, version, settles_days = SETTLED_DAYS }: Judged, hour: number, entity: string, p: number): void {
    const name = `${id}@${version}`
    const began = this.#began.get(name)
    if (began === undefined) this.#began.set(name, hour)
    if (began === undefined || hour - began < settles_days * DAY_HOURS) return
    let places = this.#byDetector.get(id)
    if (places === undefined) {
      places = []
      this.#byDetector.set(id, places)
    }
    places.push({ hour, p, of: hash32(entity) })
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
      .filter(([, places]) => places.length >= LEAST_PLACES && hoursOf(places) >= DAY_HOURS)
      .map(([detector, places]) => {
        const values = places.map(({ p }) => p)
        const of = places.map((place) => place.of)
        return { detector, places: places.length, ...uniformity(values, of) }
      })
  }
}

/** Between the first and the last. */
function hoursOf(places: readonly Place[]): number {
  return (places.at(-1)?.hour ?? 0) - (places[0]?.hour ?? 0)
}

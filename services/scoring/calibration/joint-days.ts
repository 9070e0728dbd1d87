import { chanceOf } from './chance.ts'
import { RecentPlaces, type StoredPlaces } from './recent-places.ts'
import type { StoredTable } from './score-table.ts'
import { SegmentScores } from './segment-scores.ts'

/** Entities of a day that are followed. */
const MOST_ENTITIES = 1000
/** Drawn of them when the day is over. */
const DRAWN = 250

/** In a form that can be stored. */
export interface StoredJointDays {
  readonly day: number
  readonly share: number
  readonly today: readonly (readonly [entity: string, nats: number])[]
  readonly scores: StoredTable
  readonly recent: StoredPlaces
}

/** What one drawn entity's day was among such days. */
export interface JointPlace {
  readonly entity: string
  readonly p: number
}

/**
 * How rare it is that all detectors together say so much of an entity on one day:
 * the second stage of calibration, whose unit is a day of an entity as the
 * budget's is. Beside the extremes of days, which know only what nearly was a
 * finding, it knows how many days were nothing. Of a large tenant it follows
 * entities that are drawn by a hash of their name and the day: when more than a
 * thousand come, half of them are let go (Gibbons' distinct sampling), so that
 * who comes late in the day is among them as often as who comes first.
 *
 * @see Gibbons, "Distinct Sampling for Highly-Accurate Answers to Distinct Values
 *   Queries and Event Reports", VLDB 2001.
 */
export class JointDays {
  #day = 0
  #share = 1
  #today = new Map<string, number>()
  #recent = new RecentPlaces()
  #scores = new SegmentScores(this.#recent)

  /** Takes a decision in; when it begins another day, the p-values of those drawn of the day before. */
  observe(day: number, entity: string, nats: number): readonly JointPlace[] {
    const ended = day > this.#day ? this.#end(day) : []
    const before = this.#today.get(entity)
    if (before === undefined && chanceOf(entity, String(this.#day)) >= this.#share) return ended
    if (before === undefined || nats > before) this.#today.set(entity, nats)
    if (this.#today.size > MOST_ENTITIES) {
      this.#share /= 2
      for (const each of this.#today.keys())
        if (chanceOf(each, String(this.#day)) >= this.#share) this.#today.delete(each)
    }
    return ended
  }

  /** The days that it rests on, and how much evidence comes on how few of them. */
  get scores(): Pick<SegmentScores, 'total' | 'scoreAt' | 'isExtrapolated'> {
    return this.#scores
  }

  stored(): StoredJointDays {
    return {
      day: this.#day,
      share: this.#share,
      today: [...this.#today],
      scores: this.#scores.stored(),
      recent: this.#recent.stored(),
    }
  }

  restore({ day, share, today, scores, recent }: StoredJointDays): void {
    this.#day = day
    this.#share = share
    this.#today = new Map(today)
    this.#recent = RecentPlaces.restore(recent)
    this.#scores = SegmentScores.restore(this.#recent, scores)
  }

  #end(day: number): JointPlace[] {
    const places: JointPlace[] = []
    if (this.#scores.total > 0) {
      const drawn = Math.min(1, DRAWN / Math.max(1, this.#today.size))
      for (const [entity, nats] of this.#today) {
        const chance = chanceOf(entity, `place ${this.#day}`)
        if (chanceOf(entity, `drawn ${this.#day}`) < drawn)
          places.push({ entity, p: this.#scores.draw(nats, chance) })
      }
    }
    if (this.#day !== 0) {
      this.#scores.fade((day - this.#day) * 24)
      this.#recent.fade((day - this.#day) * 24)
    }
    for (const nats of this.#today.values()) this.#scores.add(nats)
    this.#day = day
    this.#share = 1
    this.#today = new Map()
    return places
  }
}

import { chanceOf } from './chance.ts'
import { RecentPlaces, type StoredPlaces } from './recent-places.ts'
import type { StoredTable } from './score-table.ts'
import { HALF_LIFE_HOURS, SegmentScores } from './segment-scores.ts'

/** Entities of a day that are followed. */
const MOST_ENTITIES = 1000
/** Drawn of them when the day is over. */
const DRAWN = 250

/** In a form that can be stored. */
export interface StoredEntityDays {
  readonly day: number
  readonly share: number
  readonly today: readonly (readonly [entity: string, score: number])[]
  readonly scores: StoredTable
  readonly recent: StoredPlaces
  /** Entities of the days that are over, and those days; old ones count less. */
  readonly counted?: readonly [entities: number, days: number]
}

/** What one drawn entity's day was among such days. */
export interface DayPlace {
  readonly entity: string
  readonly p: number
}

/**
 * How rare it is that something is so strange about an entity on one day: what
 * all detectors together say of a subject, or one detector of a network or a
 * device. Its unit is a day of an entity, at its highest, as the
 * budget's is. Beside the extremes of days, which know only what nearly was a
 * finding, it knows how many days were nothing. Of a large tenant it follows
 * entities that are drawn by a hash of their name and the day: when more than a
 * thousand come, half of them are let go (Gibbons' distinct sampling), so that
 * who comes late in the day is among them as often as who comes first.
 *
 * @see Gibbons, "Distinct Sampling for Highly-Accurate Answers to Distinct Values
 *   Queries and Event Reports", VLDB 2001.
 */
export class EntityDays {
  #day = 0
  #share = 1
  #today = new Map<string, number>()
  #recent = new RecentPlaces()
  #scores = new SegmentScores(this.#recent)
  #entities = 0
  #days = 0

  /** Takes a score in; when it begins another day, the p-values of those drawn of the day before. */
  observe(day: number, entity: string, score: number): readonly DayPlace[] {
    const ended = day > this.#day ? this.#end(day) : []
    const before = this.#today.get(entity)
    if (before === undefined && chanceOf(entity, String(this.#day)) >= this.#share) return ended
    if (before === undefined || score > before) this.#today.set(entity, score)
    if (this.#today.size > MOST_ENTITIES) {
      this.#share /= 2
      for (const each of this.#today.keys())
        if (chanceOf(each, String(this.#day)) >= this.#share) this.#today.delete(each)
    }
    return ended
  }

  /** The days that it rests on, and how high scores come on how few of them. */
  get scores(): Pick<SegmentScores, 'total' | 'scoreAt' | 'above' | 'shareFrom' | 'isExtrapolated'> {
    return this.#scores
  }

  /** Entities a day, those that are not followed included. */
  get perDay(): number {
    return this.#days === 0 ? 0 : this.#entities / this.#days
  }

  stored(): StoredEntityDays {
    return {
      day: this.#day,
      share: this.#share,
      today: [...this.#today],
      scores: this.#scores.stored(),
      recent: this.#recent.stored(),
      counted: [this.#entities, this.#days],
    }
  }

  restore({ day, share, today, scores, recent, counted: [entities, days] = [0, 0] }: StoredEntityDays): void {
    this.#day = day
    this.#share = share
    this.#today = new Map(today)
    this.#recent = RecentPlaces.restore(recent)
    this.#scores = SegmentScores.restore(this.#recent, scores)
    this.#entities = entities
    this.#days = days
  }

  #end(day: number): DayPlace[] {
    const places: DayPlace[] = []
    if (this.#scores.total > 0) {
      const drawn = Math.min(1, DRAWN / Math.max(1, this.#today.size))
      for (const [entity, score] of this.#today) {
        const chance = chanceOf(entity, `place ${this.#day}`)
        if (chanceOf(entity, `drawn ${this.#day}`) < drawn)
          places.push({ entity, p: this.#scores.draw(score, chance) })
      }
    }
    if (this.#day !== 0) {
      const hours = (day - this.#day) * 24
      this.#scores.fade(hours)
      this.#recent.fade(hours)
      const kept = 2 ** (-hours / HALF_LIFE_HOURS)
      this.#entities = (this.#entities + this.#today.size / this.#share) * kept
      this.#days = (this.#days + 1) * kept
    }
    for (const score of this.#today.values()) this.#scores.add(score)
    this.#day = day
    this.#share = 1
    this.#today = new Map()
    return places
  }
}

/** Beyond so many, the least surprising entities of the day are forgotten. */
const MOST_ENTITIES = 10_000
/** Less surprising days than this never become findings. */
const LEAST_NATS = 5
/** Kept of a day that is over: no budget is larger. */
const MOST_KEPT = 1000
const MOST_DAYS = 14

/** Extremes in a form that can be stored. */
export interface StoredExtremes {
  readonly day: number
  readonly today: readonly (readonly [entity: string, nats: number])[]
  readonly days: readonly (readonly number[])[]
}

/**
 * The most evidence against each entity on each day, in nats: what a threshold
 * would have made findings of, one an entity and day. From the last fourteen
 * days follows the threshold that keeps to a budget.
 */
export class DayExtremes {
  #day = 0
  #today = new Map<string, number>()
  #days: number[][] = []

  /** Days that are over and counted. */
  get days(): number {
    return this.#days.length
  }

  /** Takes a decision in; `day` is that of its event time. Later days end earlier ones; what comes late counts for the day in hand. */
  observe(day: number, entity: string, nats: number): void {
    if (day > this.#day) this.#end(day)
    if (nats < LEAST_NATS) return
    const before = this.#today.get(entity)
    if (before !== undefined && before >= nats) return
    this.#today.set(entity, nats)
    if (this.#today.size > MOST_ENTITIES) this.#forgetLeast()
  }

  /**
   * Nats from which there would have been at most `perDay` findings a day, on
   * average over the days that are over; undefined before the first is.
   */
  thresholdFor(perDay: number): number | undefined {
    if (this.#days.length === 0) return undefined
    const all = this.#days.flat().sort((a, b) => b - a)
    const allowed = Math.floor(perDay * this.#days.length)
    const first = all[allowed]
    return first === undefined ? LEAST_NATS : first * (1 + 1e-9)
  }

  stored(): StoredExtremes {
    return { day: this.#day, today: [...this.#today], days: this.#days }
  }

  static restore({ day, today, days }: StoredExtremes): DayExtremes {
    const extremes = new DayExtremes()
    extremes.#day = day
    extremes.#today = new Map(today)
    extremes.#days = days.map((each) => [...each])
    return extremes
  }

  #end(day: number): void {
    if (this.#day !== 0) {
      const nats = [...this.#today.values()].sort((a, b) => b - a).slice(0, MOST_KEPT)
      this.#days.push(nats)
      if (this.#days.length > MOST_DAYS) this.#days.shift()
    }
    this.#day = day
    this.#today = new Map()
  }

  #forgetLeast(): void {
    const kept = [...this.#today].sort((a, b) => b[1] - a[1]).slice(0, MOST_ENTITIES / 2)
    this.#today = new Map(kept)
  }
}

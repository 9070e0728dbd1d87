import type { Finding } from '../../../schemas/finding.ts'

const DAY_MS = 86_400_000
const MOST_DAYS = 14

/** In a form that can be stored. */
export interface StoredFindings {
  readonly day: number
  readonly today: number
  readonly days: readonly number[]
}

/**
 * How many findings a day of a tenant come from elsewhere than the detectors that
 * its budget is shared out to: sources, devices, rules.
 */
export class OtherFindings {
  #day = 0
  #today = 0
  #days: number[] = []

  observe({ revision, observed_at }: Finding): void {
    if (revision > 1) return
    const day = Math.floor(Date.parse(observed_at) / DAY_MS)
    if (day > this.#day) this.#end(day)
    this.#today += 1
  }

  /** Of the days that are over, the last fourteen at most; `day` is the one in hand. */
  perDay(day: number): number {
    if (day > this.#day && this.#day !== 0) this.#end(day)
    return this.#days.length === 0 ? 0 : this.#days.reduce((sum, each) => sum + each, 0) / this.#days.length
  }

  stored(): StoredFindings {
    return { day: this.#day, today: this.#today, days: this.#days }
  }

  restore({ day, today, days }: StoredFindings): void {
    this.#day = day
    this.#today = today
    this.#days = [...days]
  }

  #end(day: number): void {
    if (this.#day !== 0) {
      this.#days.push(this.#today)
      // Days without any count too.
      for (let each = this.#day + 1; each < Math.min(day, this.#day + MOST_DAYS); each++) this.#days.push(0)
      this.#days = this.#days.slice(-MOST_DAYS)
    }
    this.#day = day
    this.#today = 0
  }
}

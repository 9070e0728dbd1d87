import type { Finding } from '../../../schemas/finding.ts'

const DAY_MS = 86_400_000
const MOST_DAYS = 14
/** Findings whose detectors are remembered: what an analyst judges is of the last days. */
const MOST_KNOWN = 200

/** In a form that can be stored. */
export interface StoredFindings {
  readonly day: number
  readonly today: number
  readonly days: readonly number[]
  readonly known: readonly (readonly [id: string, detectors: readonly string[]])[]
}

/**
 * The findings of a tenant, as far as a budget must know of them: how many a
 * day come from elsewhere than the detectors that it is shared out to (sources,
 * devices, rules), and which detectors a finding rests on, for a verdict on it.
 */
export class OtherFindings {
  readonly #own: ReadonlySet<string>
  #day = 0
  #today = 0
  #days: number[] = []
  #known = new Map<string, readonly string[]>()

  /** @param own detectors whose findings are no others */
  constructor(own: Iterable<string>) {
    this.#own = new Set(own)
  }

  observe({ id, revision, detector, contributions, observed_at }: Finding): void {
    if (this.#own.has(detector.id)) {
      this.#known.delete(id)
      this.#known.set(id, contributions?.map((each) => each.detector) ?? [detector.id])
      if (this.#known.size > MOST_KNOWN)
        for (const [oldest] of [...this.#known].slice(0, 1)) this.#known.delete(oldest)
      return
    }
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

  /** The detectors that findings rest on, as far as they are remembered. */
  detectorsOf(ids: readonly string[]): readonly string[] {
    return [...new Set(ids.flatMap((id) => this.#known.get(id) ?? []))]
  }

  stored(): StoredFindings {
    return { day: this.#day, today: this.#today, days: this.#days, known: [...this.#known] }
  }

  restore({ day, today, days, known }: StoredFindings): void {
    this.#day = day
    this.#today = today
    this.#days = [...days]
    this.#known = new Map(known)
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

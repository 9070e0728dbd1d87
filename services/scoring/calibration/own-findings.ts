import type { Finding } from '../../../schemas/finding.ts'
import { corrected, type DayFound } from './threshold-correction.ts'

const DAY_MS = 86_400_000
/** Days that a verdict can still take a finding out of. */
const MOST_DAYS = 14
/** Findings that are remembered: what an analyst judges is of the last days. */
const MOST_KNOWN = 500

interface Known {
  readonly detectors: readonly string[]
  readonly day: number
  readonly confirmed: boolean
}

interface Day extends DayFound {
  readonly day: number
}

/** In a form that can be stored. */
export interface StoredOwnFindings {
  readonly known: readonly (readonly [id: string, known: Known])[]
  readonly days: readonly Day[]
  readonly today: number
  readonly found: number
  readonly base_nats: number
}

/**
 * The findings of the detectors that a threshold is shared by: which detectors
 * each rests on, for a verdict on it, and how many each day had, from which the
 * correction of the threshold follows. What is confirmed to be an attack is
 * taken out again, also of a day that is over.
 */
export class OwnFindings {
  #known = new Map<string, Known>()
  /** Days that are over, the oldest first. */
  #days: Day[] = []
  #today = 0
  #found = 0
  /** The correction before the first of the days. */
  #baseNats = 0

  observe({ id, revision, contributions, detector, first_observed_at }: Finding): void {
    const before = this.#known.get(id)
    const day = before?.day ?? Math.floor(Date.parse(first_observed_at) / DAY_MS)
    this.#known.delete(id)
    const detectors = contributions?.map((each) => each.detector) ?? [detector.id]
    this.#known.set(id, { detectors, day, confirmed: before?.confirmed ?? false })
    if (this.#known.size > MOST_KNOWN)
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest)
        break
      }
    if (before === undefined && revision === 1) this.#count(day, 1)
  }

  /** Somebody confirmed that these were attacks: they say nothing of the threshold. */
  confirmed(ids: readonly string[]): void {
    for (const id of ids) {
      const known = this.#known.get(id)
      if (known === undefined || known.confirmed) continue
      this.#known.set(id, { ...known, confirmed: true })
      this.#count(known.day, -1)
    }
  }

  /** The detectors that findings rest on, as far as they are remembered. */
  detectorsOf(ids: readonly string[]): readonly string[] {
    return [...new Set(ids.flatMap((id) => this.#known.get(id)?.detectors ?? []))]
  }

  /**
   * A day is over on which there were decisions. Days without any say nothing:
   * silence is no quiet.
   *
   * @param threshold what was allowed on it; undefined where no threshold was in force, and its findings say nothing of one
   */
  ends(day: number, threshold: Omit<DayFound, 'found'> | undefined): void {
    if (threshold !== undefined) this.#days.push({ day, found: this.#foundOn(day), ...threshold })
    for (const each of this.#days.splice(0, this.#days.length - MOST_DAYS))
      this.#baseNats = corrected(this.#baseNats, each)
    this.#today = day + 1
    this.#found = 0
  }

  /** Nats to be added to the threshold that the scores alone would have given. */
  get correctionNats(): number {
    return this.#days.reduce(corrected, this.#baseNats)
  }

  stored(): StoredOwnFindings {
    return {
      known: [...this.#known],
      days: this.#days,
      today: this.#today,
      found: this.#found,
      base_nats: this.#baseNats,
    }
  }

  restore({ known, days, today, found, base_nats }: StoredOwnFindings): void {
    this.#known = new Map(known)
    this.#days = [...days]
    this.#today = today
    this.#found = found
    this.#baseNats = base_nats
  }

  #foundOn(day: number): number {
    return day >= this.#today ? this.#found : 0
  }

  /** A finding of a day that is over counts for that day, one of a day to come for the one in hand. */
  #count(day: number, by: number): void {
    const index = this.#days.findIndex((each) => each.day === day)
    const over = this.#days[index]
    if (over !== undefined) this.#days[index] = { ...over, found: Math.max(0, over.found + by) }
    else if (day >= this.#today) this.#found = Math.max(0, this.#found + by)
  }
}

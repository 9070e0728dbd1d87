import type { Calibration } from '../../../schemas/calibration.ts'
import type { Verdict } from '../../../schemas/verdict.ts'

const DAY_MS = 86_400_000
/** How long a verdict that something is harmless holds. */
const SAFE_MS = 30 * DAY_MS
/** What waits to be learnt is forgotten after fourteen days: then there is nothing left to drop. */
const DROPPED_MS = 15 * DAY_MS
/** Subjects of each kind; the oldest verdicts make room. */
const MOST = 500
const MOST_DETECTORS = 16

type Safe = NonNullable<Calibration['safe']>[number]
type Dropped = NonNullable<Calibration['dropped']>[number]

/** In a form that can be stored. */
export interface StoredJudged {
  readonly safe: readonly Safe[]
  readonly dropped: readonly Dropped[]
}

/**
 * What people have said of subjects, as far as it teaches. That a finding was
 * harmless: what waits there is learnt, and its detectors say less of it for a
 * month. That it was an attack: what waits is dropped. The later word counts.
 */
export class Judged {
  #safe: readonly Safe[] = []
  #dropped: readonly Dropped[] = []

  /**
   * Takes a verdict; whether it teaches.
   *
   * @param detectors those that the findings rest on
   * @param nowMs event time
   */
  take({ verdict, entity, decided_at }: Verdict, detectors: readonly string[], nowMs: number): boolean {
    if (verdict === 'dismiss' || entity.type !== 'subject') return false
    if (verdict === 'confirm_safe' && detectors.length === 0) return false
    const until = (ms: number) => new Date(Math.max(Date.parse(decided_at), nowMs) + ms).toISOString()
    const safe = this.#safe.filter((each) => each.entity !== entity.id)
    const dropped = this.#dropped.filter((each) => each.entity !== entity.id)
    if (verdict === 'confirm_safe') {
      const names = detectors.slice(0, MOST_DETECTORS)
      safe.push({ entity: entity.id, detectors: names, until: until(SAFE_MS), at: decided_at })
    } else dropped.push({ entity: entity.id, at: decided_at, until: until(DROPPED_MS) })
    this.#safe = safe.slice(-MOST)
    this.#dropped = dropped.slice(-MOST)
    return true
  }

  /** What holds still. */
  published(now: string): Pick<Calibration, 'safe' | 'dropped'> {
    this.#safe = this.#safe.filter(({ until }) => until > now)
    this.#dropped = this.#dropped.filter(({ until }) => until > now)
    return {
      ...(this.#safe.length === 0 ? {} : { safe: [...this.#safe] }),
      ...(this.#dropped.length === 0 ? {} : { dropped: [...this.#dropped] }),
    }
  }

  stored(): StoredJudged {
    return { safe: this.#safe, dropped: this.#dropped }
  }

  restore({ safe, dropped }: StoredJudged): void {
    this.#safe = safe
    this.#dropped = dropped
  }
}

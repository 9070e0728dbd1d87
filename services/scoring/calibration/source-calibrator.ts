import type { CalibrationTable } from '../../../schemas/calibration.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { SourceScores } from '../../../schemas/source-scores.ts'
import type { CalibratedSource } from './calibrated.ts'
import { OtherFindings, type StoredFindings } from './other-findings.ts'
import { OwnFindings, type StoredOwnFindings } from './own-findings.ts'
import { SourceDays, type SourcePlace, type StoredSourceDays } from './source-days.ts'

const DAY_MS = 86_400_000

/** In a form that can be stored. */
export interface StoredSources {
  readonly days: StoredSourceDays
  readonly found: StoredOwnFindings
  readonly rest: StoredFindings
}

/**
 * What a calibrator knows of the stage of sources: how rare its scores are, and
 * how many findings they make. They may be half of the tenant's budget, less
 * what comes from neither stage (but for half of that half), and less again
 * where more was found than that on the days before (`threshold-correction.ts`;
 * what was confirmed to be an attack does not count).
 */
export class SourceCalibrator {
  readonly #budget: number
  readonly #ids: ReadonlySet<string>
  readonly #days: SourceDays
  readonly #found = new OwnFindings()
  /** Of whoever else finds than the two stages. */
  readonly #rest = new OtherFindings()

  constructor(detectors: readonly CalibratedSource[], budget: number) {
    this.#budget = budget
    this.#ids = new Set(detectors.map(({ id }) => id))
    this.#days = new SourceDays(detectors)
  }

  /** Hears of a finding of another detector than those of subjects. */
  heard(finding: Finding): void {
    if (this.#ids.has(finding.detector.id)) this.#found.observe(finding)
    else this.#rest.observe(finding)
  }

  confirmed(ids: readonly string[]): void {
    this.#found.confirmed(ids)
  }

  /** Takes in what an entity has come to on a day; the p-values of a day that is over by that. */
  observe(scores: SourceScores, atMs: number): readonly SourcePlace[] {
    return this.#days.observe(Math.floor(atMs / DAY_MS), scores)
  }

  /** A day is over. Declared thresholds are the least, so there is no room downwards. */
  ends(day: number): void {
    this.#found.ends(day, { allowed: this.#allowed(day), room_nats: 0 })
  }

  /** @param day the one in hand */
  published(day: number): CalibrationTable[] {
    return this.#days.published(this.#allowed(day) * Math.exp(-this.#found.correctionNats))
  }

  stored(): StoredSources {
    return { days: this.#days.stored(), found: this.#found.stored(), rest: this.#rest.stored() }
  }

  restore({ days, found, rest }: StoredSources): void {
    this.#days.restore(days)
    this.#found.restore(found)
    this.#rest.restore(rest)
  }

  /** Findings a day. */
  #allowed(day: number): number {
    return Math.max(this.#budget / 4, this.#budget / 2 - this.#rest.perDay(day))
  }
}

import type { Calibration } from '../../../schemas/calibration.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Calibrations } from './calibrations.ts'
import { rarityAt, type Rarity } from './rarity.ts'

/** One decision that contributed, as far as a calibration reads it. */
export interface ScoredPlace {
  readonly segment: string
  readonly scores: Readonly<Record<string, number>>
}

/** How the finding's scores were to be read when it was opened. */
export interface CalibrationThen {
  readonly version: number
  readonly made_at: string
  readonly days: number
  readonly budget_per_day: number
  /** Evidence of all detectors together from which on an entity is a finding; null while no day was over. */
  readonly threshold_nats: number | null
  readonly high_nats: number | null
  /** Of how many days of single entities the rarity of all evidence together was learnt, and how rare this one is. */
  readonly joint: (Rarity & { readonly entity_days: number }) | null
  readonly detectors: readonly DetectorThen[]
}

/** The highest score of a detector that contributed, beside what it was held against. */
export interface DetectorThen {
  readonly detector: string
  readonly segment: string
  readonly score: number
  readonly rarity: Rarity | null
  readonly medium: number
  readonly high: number
  /** How many scores its table rests on. */
  readonly scores: number
}

/**
 * The newest calibration that was made before the finding was opened. Workers
 * take one up at their next batch, so for a moment after it was made another may
 * have been in force. Null: there was none; scores were read as detectors declare.
 */
export async function calibrationThen(
  calibrations: Calibrations,
  finding: Finding,
  places: readonly ScoredPlace[],
): Promise<CalibrationThen | null> {
  const calibration = await calibrations.newestBefore(finding.tenant, finding.first_observed_at)
  if (calibration === null) return null
  const { version, made_at, days, budget_per_day, threshold_nats, high_nats = null, joint } = calibration
  const told = finding.evidence['joint_nats']
  const rarity = joint && typeof told === 'number' ? rarityAt(joint.knots, told) : null
  return {
    version,
    made_at,
    days,
    budget_per_day,
    threshold_nats,
    high_nats,
    joint: joint && rarity ? { ...rarity, entity_days: joint.entity_days } : null,
    detectors: detectorsOf(finding).flatMap((detector) => detectorThen(calibration, detector, places)),
  }
}

function detectorsOf({ detector, contributions }: Finding): string[] {
  return [...new Set([detector.id, ...(contributions ?? []).map((each) => each.detector)])]
}

function detectorThen(
  { tables }: Calibration,
  detector: string,
  places: readonly ScoredPlace[],
): DetectorThen[] {
  let found: DetectorThen | undefined
  for (const { segment, scores } of places) {
    const score = scores[detector] ?? 0
    const table = tables.findLast((each) => each.detector === detector && each.segment === segment)
    if (table === undefined || score <= (found?.score ?? 0)) continue
    const { medium, high, knots } = table
    found = { detector, segment, score, rarity: rarityAt(knots, score), medium, high, scores: table.scores }
  }
  return found ? [found] : []
}

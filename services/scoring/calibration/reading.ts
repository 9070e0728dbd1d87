import type { Calibration, CalibrationTable } from '../../../schemas/calibration.ts'
import type { Thresholds } from '../detector.ts'

/** How a score is read: from where on it is a finding, and how rare it is. */
export interface Reading {
  readonly thresholds: Thresholds
  /** Undefined where nothing is known of the detector's scores in the segment. */
  rarityOf(score: number): ScoreRarity | undefined
  /** What a score says against an entity, in nats, 0 to 12. */
  evidenceOf(score: number): number
}

/** What analysts have said of a subject, as far as it still holds. */
export interface Said {
  /** Whose findings were harmless. */
  readonly detectors: ReadonlySet<string>
  /** Until when what had come was judged to be so; -Infinity: nothing was. */
  readonly safe_ms: number
  /** Until when what had come is to be dropped; -Infinity: nothing is. */
  readonly dropped_ms: number
}

const NOTHING: ReadonlySet<string> = new Set()

/** How a tenant's scores are read. */
export type ReadingsOf = (tenant: string) => Readings

/** How rare a score is: -ln p, and whether a fitted tail says so rather than a count. */
export interface ScoreRarity {
  readonly nats: number
  readonly extrapolated: boolean
}

/** A detector as far as it is read with a calibration. */
interface Declared {
  readonly id: string
  readonly version: number
  readonly thresholds: Thresholds
}

/**
 * The readings of a bench's detectors for each segment, in the detectors' order.
 * What a calibration does not know is read as the detector declares.
 */
export class Readings {
  /** From which evidence of all detectors together on an entity is a finding; undefined while nothing says so. */
  readonly joint: Thresholds | undefined
  readonly #detectors: readonly Declared[]
  readonly #tables = new Map<string, CalibrationTable>()
  readonly #jointScores: Reading | undefined
  readonly #said = new Map<string, Said & { readonly untilMs: number }>()
  readonly #bySegment = new Map<string, readonly Reading[]>()
  readonly version: number

  constructor(detectors: readonly Declared[], calibration?: Calibration) {
    this.#detectors = detectors
    this.version = calibration?.version ?? 0
    const nats = calibration?.threshold_nats ?? undefined
    if (nats !== undefined)
      this.joint = { medium: nats, high: Math.max(nats, calibration?.high_nats ?? nats) }
    for (const { entity, detectors: names, until, at } of calibration?.safe ?? [])
      this.#said.set(entity, {
        detectors: new Set(names),
        safe_ms: at === undefined ? Infinity : Date.parse(at),
        dropped_ms: -Infinity,
        untilMs: Date.parse(until),
      })
    for (const { entity, until, at } of calibration?.dropped ?? [])
      this.#said.set(entity, {
        detectors: NOTHING,
        safe_ms: -Infinity,
        dropped_ms: Date.parse(at),
        untilMs: Date.parse(until),
      })
    if (calibration?.joint !== undefined && this.joint !== undefined)
      this.#jointScores = calibrated({ ...this.joint, knots: calibration.joint.knots }, this.joint)
    for (const table of calibration?.tables ?? [])
      this.#tables.set(`${table.detector}@${table.detector_version}/${table.segment}`, table)
  }

  /** What analysts have said of a subject; undefined for nearly all. */
  saidOf(entity: () => string, atMs: number): Said | undefined {
    if (this.#said.size === 0) return undefined
    const said = this.#said.get(entity())
    return said === undefined || atMs >= said.untilMs ? undefined : said
  }

  /** How rare so much evidence of all detectors together is, among days of single entities; undefined while too little is known. */
  jointRarityOf(nats: number): ScoreRarity | undefined {
    return this.#jointScores?.rarityOf(nats)
  }

  of(segment: string): readonly Reading[] {
    let readings = this.#bySegment.get(segment)
    if (readings === undefined) {
      readings = this.#detectors.map(({ id, version, thresholds }) => {
        const table = this.#tables.get(`${id}@${version}/${segment}`)
        return table === undefined ? declared(thresholds) : calibrated(table, thresholds)
      })
      this.#bySegment.set(segment, readings)
    }
    return readings
  }
}

/** Of a score at which a detector declares a finding, where nothing is known of how rare it is. */
const DECLARED_NATS = 9
/** However rare a score: a table of some thousands says no more. */
const MOST_NATS = 20

/**
 * How much of a rare score's surprise is evidence: all from what the detector
 * declares on, less below it by the square. A single refusal is rare with most
 * people, and yet nothing; how high a score must be to mean something is what a
 * detector's declared threshold says, and rarity alone does not know.
 */
function weightOf(score: number, { medium }: Thresholds): number {
  return score >= medium ? 1 : (score / medium) ** 2
}

function declared(thresholds: Thresholds): Reading {
  return {
    thresholds,
    rarityOf: () => undefined,
    evidenceOf: (score) => (score > 0 ? DECLARED_NATS * weightOf(score, thresholds) : 0),
  }
}

function calibrated(
  { medium, high, knots }: Pick<CalibrationTable, 'medium' | 'high' | 'knots'>,
  own: Thresholds,
): Reading {
  const scores = Float64Array.from(knots, ({ score }) => score)
  const nats = Float64Array.from(knots, (knot) => knot.nats)
  /** The first knot above the score. */
  const above = (score: number) => {
    let index = 0
    while (index < scores.length && score >= (scores[index] ?? 0)) index += 1
    return index
  }
  const natsOf = (score: number, index: number) => {
    const [from, to] = [scores[index - 1] ?? 0, scores[index]]
    const least = nats[index - 1] ?? 0
    return to === undefined ? least : least + ((score - from) / (to - from)) * ((nats[index] ?? 0) - least)
  }
  return {
    thresholds: { medium, high },
    rarityOf(score) {
      const index = above(score)
      if (index === scores.length && index === 0) return undefined
      return { nats: natsOf(score, index), extrapolated: knots[index - 1]?.extrapolated ?? false }
    },
    evidenceOf(score) {
      if (!(score > 0)) return 0
      return Math.min(MOST_NATS, natsOf(score, above(score))) * weightOf(score, own)
    },
  }
}

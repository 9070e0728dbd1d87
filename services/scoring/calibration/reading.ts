import type { Calibration, CalibrationTable } from '../../../schemas/calibration.ts'
import type { Thresholds } from '../detector.ts'

/** How a score is read: from where on it is a finding, and how rare it is. */
export interface Reading {
  readonly thresholds: Thresholds
  /** Undefined where nothing is known of the detector's scores in the segment. */
  rarityOf(score: number): ScoreRarity | undefined
}

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
  readonly #detectors: readonly Declared[]
  readonly #tables = new Map<string, CalibrationTable>()
  readonly #bySegment = new Map<string, readonly Reading[]>()
  readonly version: number

  constructor(detectors: readonly Declared[], calibration?: Calibration) {
    this.#detectors = detectors
    this.version = calibration?.version ?? 0
    for (const table of calibration?.tables ?? [])
      this.#tables.set(`${table.detector}@${table.detector_version}/${table.segment}`, table)
  }

  of(segment: string): readonly Reading[] {
    let readings = this.#bySegment.get(segment)
    if (readings === undefined) {
      readings = this.#detectors.map(({ id, version, thresholds }) => {
        const table = this.#tables.get(`${id}@${version}/${segment}`)
        return table === undefined ? declared(thresholds) : calibrated(table)
      })
      this.#bySegment.set(segment, readings)
    }
    return readings
  }
}

function declared(thresholds: Thresholds): Reading {
  return { thresholds, rarityOf: () => undefined }
}

function calibrated({ medium, high, knots }: CalibrationTable): Reading {
  return {
    thresholds: { medium, high },
    rarityOf(score) {
      let below = { score: 0, nats: 0, extrapolated: false }
      for (const knot of knots) {
        if (score < knot.score) {
          const share = (score - below.score) / (knot.score - below.score)
          return { nats: below.nats + share * (knot.nats - below.nats), extrapolated: below.extrapolated }
        }
        below = knot
      }
      return below.score === 0 ? undefined : { nats: below.nats, extrapolated: below.extrapolated }
    },
  }
}

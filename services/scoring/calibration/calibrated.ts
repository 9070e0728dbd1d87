import type { EntityType } from '../../../schemas/entity.ts'
import type { Thresholds } from '../detector.ts'

/** A detector as the calibrator knows it. */
export interface Calibrated {
  readonly id: string
  readonly version: number
  /** Never below these: a budget is a ceiling, not a quota. */
  readonly thresholds: Thresholds
  /** Days until its scores come as they will; its p-values are judged from then on; default 7. */
  readonly settles_days?: number
}

/** One of the stage of sources, with what it judges. */
export interface CalibratedSource extends Calibrated {
  readonly entity: EntityType | readonly EntityType[]
}

/** The detectors of both stages. */
export interface CalibratedStages {
  readonly subject: readonly Calibrated[]
  readonly source: readonly CalibratedSource[]
}

import type { Calibration } from '../../../schemas/calibration.ts'
import { accessScored, control } from '../../../schemas/topics.ts'
import type { OutRecord } from '../../runtime/log/event-log.ts'
import type { Calibrated } from './calibrator.ts'
import { Calibrators } from './calibrators.ts'
import { Readings, type ReadingsOf } from './reading.ts'

/** Calibrates beside a single worker that has no log between itself and the role. */
export interface CalibrationAtOnce {
  readonly readingsOf: ReadingsOf
  /** Takes what the worker wrote; what follows from it holds from the next batch on. */
  take(outputs: readonly OutRecord[]): void
}

/** @param budget findings a day of one tenant, at most */
export function calibrationAtOnce(detectors: readonly Calibrated[], budget: number): CalibrationAtOnce {
  const calibrators = new Calibrators(detectors, budget)
  const declared = new Readings(detectors)
  const newest = new Map<string, Readings>()
  const hear = (tenant: string, calibration: Calibration): void => {
    newest.set(tenant, new Readings(detectors, calibration))
  }
  return {
    readingsOf: (tenant) => newest.get(tenant) ?? declared,
    take(outputs) {
      for (const { topic, value } of outputs) {
        if (topic !== accessScored || value === null) continue
        for (const made of calibrators.take({ value: Buffer.from(value) })) {
          if (made.topic !== control || typeof made.value !== 'string') continue
          const record = control.schema.parse(JSON.parse(made.value))
          if (record.kind === 'calibration') hear(record.tenant, record.calibration)
        }
      }
    },
  }
}

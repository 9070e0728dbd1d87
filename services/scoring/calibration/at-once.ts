import type { Calibration } from '../../../schemas/calibration.ts'
import {
  accessFindings,
  accessScored,
  analystVerdicts,
  control,
  type LogTopic,
} from '../../../schemas/topics.ts'
import type { LogRecord, OutRecord } from '../../runtime/log/event-log.ts'
import type { Calibrated } from './calibrator.ts'
import { Calibrators } from './calibrators.ts'
import type { Evenness } from './places.ts'
import { Readings, type ReadingsOf } from './reading.ts'

/** Calibrates beside a single worker that has no log between itself and the role. */
export interface CalibrationAtOnce {
  readonly readingsOf: ReadingsOf
  /** Takes what the workers wrote; what follows from it holds from the next batch on. */
  take(outputs: readonly OutRecord[]): void
  /** Takes a verdict, which teaches, as the log has it. */
  judged(verdict: Pick<LogRecord, 'value'>): void
  /** How even each detector's places among earlier scores have been lately, by tenant; the one that is worst off. */
  evenness(): Evenness[]
}

/** @param budget findings a day of one tenant, at most */
export function calibrationAtOnce(detectors: readonly Calibrated[], budget: number): CalibrationAtOnce {
  const calibrators = new Calibrators(detectors, budget, false)
  const declared = new Readings(detectors)
  const newest = new Map<string, Readings>()
  const hear = (tenant: string, calibration: Calibration): void => {
    newest.set(tenant, new Readings(detectors, calibration))
  }
  const takeOne = (topic: LogTopic, record: Pick<LogRecord, 'value'>): void => {
    for (const made of calibrators.take(topic, record)) {
      if (made.topic !== control || typeof made.value !== 'string') continue
      const said = control.schema.parse(JSON.parse(made.value))
      if (said.kind === 'calibration') hear(said.tenant, said.calibration)
    }
  }
  return {
    evenness() {
      const worst = new Map<string, Evenness>()
      for (const [, calibrator] of calibrators.tenants)
        for (const each of calibrator.evenness())
          if (each.p < (worst.get(each.detector)?.p ?? 2)) worst.set(each.detector, each)
      return [...worst.values()]
    },
    readingsOf: (tenant) => newest.get(tenant) ?? declared,
    take(outputs) {
      for (const { topic, value } of outputs) {
        if ((topic === accessScored || topic === accessFindings) && value !== null)
          takeOne(topic, { value: Buffer.from(value) })
      }
    },
    judged: (verdict) => takeOne(analystVerdicts, verdict),
  }
}

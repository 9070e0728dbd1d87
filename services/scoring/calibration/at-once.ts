import type { Calibration } from '../../../schemas/calibration.ts'
import {
  accessFindings,
  accessScored,
  analystVerdicts,
  control,
  sourceScores,
  type LogTopic,
} from '../../../schemas/topics.ts'
import type { LogRecord, OutRecord } from '../../runtime/log/event-log.ts'
import type { CalibratedStages } from './calibrated.ts'
import { Calibrators } from './calibrators.ts'
import type { Evenness } from './places.ts'
import { Readings, type ReadingsOf } from './reading.ts'

/** How a tenant's scores are read in each stage that is calibrated. */
export interface StageReadings {
  readonly subject: ReadingsOf
  readonly source: ReadingsOf
}

/** Calibrates beside a single worker that has no log between itself and the role. */
export interface CalibrationAtOnce {
  readonly readings: StageReadings
  /** Takes what the workers wrote; what follows from it holds from the next batch on. */
  take(outputs: readonly OutRecord[]): void
  /** Takes a verdict, which teaches, as the log has it. */
  judged(verdict: Pick<LogRecord, 'value'>): void
  /** How even each detector's places among earlier scores have been lately, by tenant; the one that is worst off. */
  evenness(): Evenness[]
}

const READ: ReadonlySet<LogTopic> = new Set<LogTopic>([accessScored, sourceScores, accessFindings])

/** @param budget findings a day of one tenant, at most */
export function calibrationAtOnce(detectors: CalibratedStages, budget: number): CalibrationAtOnce {
  const calibrators = new Calibrators(detectors, budget, false)
  const read = (calibration?: Calibration) => ({
    subject: new Readings(detectors.subject, calibration),
    source: new Readings(detectors.source, calibration),
  })
  const declared = read()
  const newest = new Map<string, ReturnType<typeof read>>()
  const takeOne = (topic: LogTopic, record: Pick<LogRecord, 'value'>): void => {
    for (const made of calibrators.take(topic, record)) {
      if (made.topic !== control || typeof made.value !== 'string') continue
      const said = control.schema.parse(JSON.parse(made.value))
      if (said.kind === 'calibration') newest.set(said.tenant, read(said.calibration))
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
    readings: {
      subject: (tenant) => (newest.get(tenant) ?? declared).subject,
      source: (tenant) => (newest.get(tenant) ?? declared).source,
    },
    take(outputs) {
      for (const { topic, value } of outputs) {
        if (READ.has(topic) && value !== null) takeOne(topic, { value: Buffer.from(value) })
      }
    },
    judged: (verdict) => takeOne(analystVerdicts, verdict),
  }
}

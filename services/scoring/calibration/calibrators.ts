import { gunzipSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import { isCanary } from '../../../schemas/canary.ts'
import type { Calibration } from '../../../schemas/calibration.ts'
import { subjectEntityId } from '../../../schemas/entity.ts'
import { Finding } from '../../../schemas/finding.ts'
import { Scores } from '../../../schemas/scored-decision.ts'
import { SourceScores } from '../../../schemas/source-scores.ts'
import {
  accessFindings,
  analystVerdicts,
  control,
  scoringCalibrationState,
  sourceScores,
  type LogTopic,
} from '../../../schemas/topics.ts'
import { Verdict } from '../../../schemas/verdict.ts'
import type { LogRecord, OutRecord } from '../../runtime/log/event-log.ts'
import { jsonRecord, parseJson, readRecord } from '../../runtime/log/json-record.ts'
import { instantMs } from '../state/instant.ts'
import type { CalibratedStages } from './calibrated.ts'
import { Calibrator, type StoredCalibrator } from './calibrator.ts'
import { segmentOf } from '../../../schemas/calibration-segment.ts'

/** Tenants beyond so many are read as detectors declare. */
const MOST_TENANTS = 200

/** What is read of a scored decision; the rest was checked by whoever wrote it. */
const Seen = z.object({
  decision: z.object({
    id: z.string(),
    tenant: z.string(),
    origin: z.enum(['live', 'import']),
    decided_at: z.string(),
    subject: z.object({ type: z.enum(['user', 'service', 'device', 'anonymous']), id: z.string() }),
  }),
  enrichment: z.object({ resource: z.object({ sensitivity: z.enum(['low', 'medium', 'high']) }) }),
  scores: Scores,
})

/** One calibrator a tenant. Imported history calibrates nothing, unless it is asked for: it is not the present. */
export class Calibrators {
  readonly #detectors: CalibratedStages
  readonly #budget: number
  readonly #byTenant = new Map<string, Calibrator>()

  readonly #stored: boolean
  readonly #imported: boolean

  /**
   * @param budget findings a day of one tenant, at most
   * @param stored whether what they know is to be written, hour by hour
   * @param imported whether imported history calibrates as well
   */
  constructor(detectors: CalibratedStages, budget: number, stored = true, imported = false) {
    this.#stored = stored
    this.#imported = imported
    this.#detectors = detectors
    this.#budget = budget
  }

  get tenants(): Iterable<readonly [tenant: string, calibrator: Calibrator]> {
    return this.#byTenant
  }

  /** Takes a record in, of decisions, sources, findings or verdicts; what is to be written because of it. */
  take(topic: LogTopic, record: Pick<LogRecord, 'value'>): OutRecord[] {
    if (topic === accessFindings) {
      const finding = readRecord(Finding, record)
      if (finding !== undefined && this.#counts(finding)) this.#of(finding.tenant)?.heard(finding)
      return []
    }
    if (topic === sourceScores) {
      const scores = readRecord(SourceScores, record)
      if (scores !== undefined) this.#of(scores.tenant)?.observeSource(scores, instantMs(scores.decided_at))
      return []
    }
    if (topic === analystVerdicts) {
      const verdict = readRecord(Verdict, record)
      const calibrator = verdict === undefined ? undefined : this.#of(verdict.tenant)
      const made = verdict === undefined ? undefined : calibrator?.judged(verdict)
      if (verdict === undefined || calibrator === undefined || made === undefined) return []
      return this.#written(verdict.tenant, calibrator, made)
    }
    return this.#takeScored(record)
  }

  #takeScored(record: Pick<LogRecord, 'value'>): OutRecord[] {
    const json = parseJson(record)
    const seen = json.kind === 'ok' ? Seen.safeParse(json.value).data : undefined
    if (seen === undefined) return []
    const { decision, enrichment, scores } = seen
    const { tenant, subject } = decision
    if (!this.#counts(decision) || subject.type === 'anonymous' || isCanary(decision)) return []
    const calibrator = this.#of(tenant)
    const before = calibrator?.hour
    const made = calibrator?.observe({
      id: decision.id,
      at_ms: instantMs(decision.decided_at),
      entity: subjectEntityId(subject),
      segment: segmentOf(subject.type, enrichment.resource.sensitivity),
      scores,
    })
    if (calibrator === undefined || calibrator.hour === before) return []
    return this.#written(tenant, calibrator, made)
  }

  #counts({ origin }: Pick<Finding, 'origin'>): boolean {
    return origin === 'live' || this.#imported
  }

  /** Takes back what was stored of a tenant. */
  restore(tenant: string, stored: Uint8Array): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own bytes, under the topic's version
    this.#of(tenant)?.restore(JSON.parse(gunzipSync(stored).toString()) as StoredCalibrator)
  }

  #written(tenant: string, calibrator: Calibrator, made: Calibration | undefined): OutRecord[] {
    const state = this.#stored ? [stateRecord(tenant, calibrator.stored())] : []
    return made === undefined ? state : [...state, calibrationRecord(tenant, made)]
  }

  #of(tenant: string): Calibrator | undefined {
    let calibrator = this.#byTenant.get(tenant)
    if (calibrator === undefined && this.#byTenant.size < MOST_TENANTS) {
      calibrator = new Calibrator(this.#detectors, this.#budget)
      this.#byTenant.set(tenant, calibrator)
    }
    return calibrator
  }
}

function stateRecord(tenant: string, stored: StoredCalibrator): OutRecord {
  return {
    topic: scoringCalibrationState,
    key: tenant,
    value: gzipSync(JSON.stringify(stored), { level: 1 }),
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  }
}

function calibrationRecord(tenant: string, calibration: Calibration): OutRecord {
  return jsonRecord(control, {
    schema_version: 1,
    kind: 'calibration',
    tenant,
    name: `calibration/${calibration.version}`,
    at: calibration.made_at,
    calibration,
  })
}

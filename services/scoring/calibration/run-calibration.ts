import {
  accessFindings,
  accessScored,
  analystVerdicts,
  control,
  scoringCalibrationState,
  sourceScores,
} from '../../../schemas/topics.ts'
import type { Batch, EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import { soleMember } from '../../runtime/log/sole-member.ts'
import type { Running, Runtime } from '../../runtime/runtime.ts'
import type { CalibratedStages } from './calibrated.ts'
import { Calibrators } from './calibrators.ts'
import { forgetOld } from './forget-old.ts'
import { calibrationMetrics } from './metrics.ts'

const GROUP = 'calibration'
/** A day longer than decisions are kept: until then a replay may ask for it. */
const KEPT_MS = 8 * 86_400_000
const LINGER_MS = 1000
const MOST_RECORDS = 5000

/**
 * Runs the calibration role: one process reads all scored decisions and what
 * sources have come to, and publishes, as control records, how rare scores are and from which on they are
 * findings. Offsets, what it knows, and what it publishes go to the log in one
 * commit. Nothing waits for it: while it is away, the last calibration holds.
 *
 * @param budget findings a day of one tenant, at most
 * @param takeover_ms how long a killed predecessor may seem alive
 * @param imported whether imported history calibrates as well
 */
export async function runCalibration(
  runtime: Pick<Runtime, 'eventLog' | 'logger' | 'metrics'>,
  detectors: CalibratedStages,
  budget: number,
  takeover_ms: number,
  imported = false,
): Promise<Running> {
  const { eventLog } = runtime
  const logger = runtime.logger.child({ service: 'calibration' })
  await soleMember(eventLog, GROUP, takeover_ms)
  const calibrators = new Calibrators(detectors, budget, true, imported)
  const published = calibrationMetrics(runtime.metrics, calibrators)
  /** Offset after the last record that was counted, by topic and partition. */
  const taken = new Map<string, number>()
  let written: OutRecord[] = []
  let restored: Promise<void> | undefined

  function handle({ parts }: Batch): OutRecord[] {
    // A batch that comes again was counted: only what it wrote did not come about.
    const again = parts.some(
      ({ topic, partition, first_offset }) => first_offset < (taken.get(`${topic.name}/${partition}`) ?? 0),
    )
    const outputs = again ? written : []
    for (const { topic, partition, records } of parts) {
      const place = `${topic.name}/${partition}`
      const from = taken.get(place) ?? 0
      for (const record of records) {
        if (record.offset < from) continue
        for (const output of calibrators.take(topic, record)) {
          outputs.push(output)
          if (output.topic === control) published.inc()
        }
        taken.set(place, record.offset + 1)
      }
    }
    written = outputs
    return outputs
  }

  const consumption = await eventLog.consume({
    group: GROUP,
    topics: [accessScored, sourceScores, accessFindings, analystVerdicts],
    span: 'group',
    sole: true,
    // Another may have had the partitions meanwhile: what it knows is read anew.
    assigned: () => (restored ??= restore(eventLog, calibrators)),
    revoked() {
      restored = undefined
      taken.clear()
      written = []
    },
    max_records: MOST_RECORDS,
    min_records: MOST_RECORDS,
    linger_ms: LINGER_MS,
    handle,
    failed: (error) => logger.warn({ err: error }, 'batch failed; it will be tried again'),
  })
  await forgetOld(eventLog, KEPT_MS)
  logger.info('calibration started')
  return { stop: () => consumption.stop() }
}

async function restore(eventLog: EventLog, calibrators: Calibrators): Promise<void> {
  const table = await eventLog.openTable(scoringCalibrationState)
  try {
    await table.caughtUp()
    for (const [tenant, value] of table.entries()) calibrators.restore(tenant, value)
  } finally {
    await table.close()
  }
}

import { accessDecisions } from '../../../schemas/topics.ts'
import { cpuSeconds } from '../../runtime/bench-result.ts'
import type { EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import type { Enrich } from '../enrich/enrich.ts'
import { recordsOf } from './in-memory.ts'
import { runQuietStage } from './quiet-stage.ts'

const APPEND = 2000

/**
 * Decisions from the log to the log, through the first stage: read, scored,
 * outputs, changed state and offset in one commit each batch. Per second of
 * processor time of the whole process, the log's own threads included.
 */
export async function benchLogToLog(
  eventLog: EventLog,
  enrich: Enrich,
  count: number,
  subjects: number,
): Promise<{ readonly log_to_log_per_second: number }> {
  const records = recordsOf(count, subjects)
  for (let first = 0; first < count; first += APPEND) {
    await eventLog.append(
      records.slice(first, first + APPEND).map(({ key, value }): OutRecord => ({
        topic: accessDecisions,
        key,
        value,
        headers: { 'content-type': 'application/json' },
      })),
    )
  }
  const before = cpuSeconds()
  const consumption = await runQuietStage(eventLog, enrich)
  await consumption.drained()
  const seconds = cpuSeconds() - before
  await consumption.stop()
  return { log_to_log_per_second: Math.round(count / seconds) }
}

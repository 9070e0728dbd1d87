import pino from 'pino'
import { Registry } from 'prom-client'
import type { Consumption, EventLog } from '../../runtime/log/event-log.ts'
import type { Enrich } from '../enrich/enrich.ts'
import { scoringMetrics } from '../metrics.ts'
import { runStage } from '../run-stage.ts'
import { subjectStage } from '../worker.ts'

/** The first stage as the role runs it, under the role's group, with metrics and log lines that nobody reads. */
export function runQuietStage(eventLog: EventLog, enrich: Enrich): Promise<Consumption> {
  return runStage(subjectStage(enrich), {
    eventLog,
    logger: pino({ level: 'silent' }),
    metrics: scoringMetrics(new Registry()),
    group: 'scoring',
    entitiesInMemory: 20_000,
    batchRecords: 1000,
  })
}

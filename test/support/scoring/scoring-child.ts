import pino from 'pino'
import { Registry } from 'prom-client'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { scoringMetrics } from '../../../services/scoring/metrics.ts'
import { runStage } from '../../../services/scoring/run-stage.ts'
import { smallStages } from './scoring-workers.ts'

/** A scoring worker in a process of its own, to be killed: `module argument`. It says `running`, and stops at SIGTERM. */
const [module = '', argument = ''] = process.argv.slice(2)
const driver: { openForChild(argument: string): Promise<EventLog> } = await import(module)
const eventLog = await driver.openForChild(argument)
const logger = pino({ level: 'silent' })
const metrics = scoringMetrics(new Registry())
const { subject, source, policy } = smallStages()
const options = { eventLog, logger, metrics, entitiesInMemory: 40, batchRecords: 40 }
const running = [
  await runStage(subject, { ...options, group: 'scoring' }),
  await runStage(source, { ...options, group: 'scoring-source' }),
  await runStage(policy, { ...options, group: 'scoring-policy' }),
]
process.stdout.write('running\n')
process.once('SIGTERM', () => {
  void (async () => {
    for (const each of running) await each.stop()
    await eventLog.close()
    process.stdout.write('stopped\n')
  })()
})

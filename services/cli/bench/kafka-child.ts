import pino from 'pino'
import { accessDecisions } from '../../../schemas/topics.ts'
import { cpuSeconds } from '../../runtime/bench-result.ts'
import type { Consumption, EventLog } from '../../runtime/log/event-log.ts'
import { KafkaConfig } from '../../runtime/log/kafka/config.ts'
import { openKafkaLog } from '../../runtime/log/kafka/kafka-log.ts'
import { logMetrics } from '../../runtime/log/log-metrics.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { ScoringConfig } from '../../scoring/config.ts'
import { startScoring } from '../../scoring/main.ts'
import { readDecision } from '../../scoring/parse.ts'
import { Order, type Report } from './kafka-orders.ts'

/**
 * One process of a group, as a deployment has it: it opens the log, works until
 * the group has handled all that is there, and closes, as it is told. It ends
 * with whoever tells it.
 */
const registry = createMetrics()
const metrics = logMetrics(registry)
const logger = pino({ level: 'warn' }, process.stderr)
const config = ScoringConfig.parse({})
let eventLog: EventLog | undefined
let working: Pick<Consumption, 'stop'> | undefined

process.on('disconnect', () => process.exit())
process.on('message', (message) => {
  obey(Order.parse(message)).then(
    () => report({ cpu_seconds: cpuSeconds() }),
    (error: unknown) => report({ failed: String(error) }),
  )
})
report({ cpu_seconds: cpuSeconds() })

function report(what: Report): void {
  process.send?.(what)
}

async function obey(order: Order): Promise<void> {
  if (order.do === 'open') {
    eventLog = await openKafkaLog({ config: KafkaConfig.parse(order.kafka), logger, metrics })
    return
  }
  if (eventLog === undefined) throw new Error('no log is open')
  if (order.do === 'close') {
    await eventLog.close()
    return
  }
  if (order.do === 'stop') {
    await working?.stop()
    return
  }
  const begun = order.do === 'parse' ? await parseOnly(eventLog) : await score(eventLog)
  working = begun
  await begun.drained()
}

function parseOnly(from: EventLog): Promise<Consumption> {
  return from.consume({
    group: 'parse-only',
    topics: [accessDecisions],
    max_records: config.batch_records,
    handle({ parts }) {
      for (const { records } of parts)
        for (const record of records)
          if (readDecision(record).kind !== 'ok') throw new Error('the bench made a bad decision')
      return []
    },
  })
}

function score(from: EventLog): ReturnType<typeof startScoring> {
  // A registry of its own each time: a role declares its metrics once.
  const runtime = { eventLog: from, metrics: createMetrics(), logger, dataDir: '' }
  return startScoring(runtime, config)
}

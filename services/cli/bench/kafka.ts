import { availableParallelism } from 'node:os'
import pino from 'pino'
import type { Registry } from 'prom-client'
import { accessDecisions, topics } from '../../../schemas/topics.ts'
import { cpuSeconds } from '../../runtime/bench-result.ts'
import type { BenchOptions, BenchResult } from '../../runtime/bench-result.ts'
import type { Consumption, EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import { checkKafka } from '../../runtime/log/kafka/admin.ts'
import { openKafkaLog } from '../../runtime/log/kafka/kafka-log.ts'
import { logMetrics } from '../../runtime/log/log-metrics.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { recordsOf } from '../../scoring/bench/in-memory.ts'
import { ScoringConfig } from '../../scoring/config.ts'
import { startScoring } from '../../scoring/main.ts'
import { readDecision } from '../../scoring/parse.ts'
import { openBenchKafka } from './kafka-cluster.ts'
import type { BenchKafka } from './kafka-cluster.ts'

const DECISIONS = 120_000
const WARM = 30_000
const SUBJECTS = 5_000
const APPEND = 2_000

/**
 * `gatewatch bench kafka`: one scoring process from Kafka to Kafka, by the
 * clock, with the broker on the same machine. Both stages with every detector;
 * outputs, changed state and offsets in one transaction a batch. Beside it, in
 * the same run, the same consumer that does nothing but parse. Topics are filled
 * beforehand, and each is warmed up on topics of its own.
 */
export async function benchKafka({ directory, scale }: BenchOptions): Promise<BenchResult> {
  const began = performance.now()
  const kafka = await openBenchKafka(directory)
  const count = Math.ceil(DECISIONS * scale)
  const warm = Math.ceil(WARM * scale)
  try {
    await withDecisions(kafka, warm, parseOnly)
    const parsed = await withDecisions(kafka, count, parseOnly)
    await withDecisions(kafka, warm, score)
    const scored = await withDecisions(kafka, count, score)
    return {
      name: 'kafka',
      figures: {
        worker_decisions_per_second: Math.round(count / scored.seconds),
        parse_only_per_second: Math.round(count / parsed.seconds),
        ratio_to_parse_only: Math.round((parsed.seconds / scored.seconds) * 1000) / 1000,
        worker_cpu_us_per_decision: Math.round((scored.cpu * 1e6) / count),
        parse_cpu_us_per_decision: Math.round((parsed.cpu * 1e6) / count),
        append_decisions_per_second: Math.round(count / scored.filling),
        decisions: count,
      },
      cores: availableParallelism(),
      seconds: Math.round((performance.now() - began) / 100) / 10,
    }
  } finally {
    await kafka.close()
  }
}

interface Took {
  readonly seconds: number
  /** Processor time of our process alone. */
  readonly cpu: number
  readonly filling: number
}

/** Fills fresh topics, lets `work` handle all of it, and tells how long that took. */
async function withDecisions(
  kafka: BenchKafka,
  count: number,
  work: (eventLog: EventLog, registry: Registry) => Promise<Pick<Consumption, 'drained' | 'stop'>>,
): Promise<Took> {
  const config = kafka.fresh()
  const logger = pino({ level: 'warn' })
  await checkKafka(config, logger, topics)
  const registry = createMetrics()
  const eventLog = await openKafkaLog({ config, logger, metrics: logMetrics(registry) })
  try {
    const filling = performance.now()
    const records = recordsOf(count, SUBJECTS)
    for (let first = 0; first < count; first += APPEND)
      await eventLog.append(records.slice(first, first + APPEND).map(toAppend), { independent: true })
    const began = performance.now()
    const cpu = cpuSeconds()
    const working = await work(eventLog, registry)
    await working.drained()
    const took = (performance.now() - began) / 1000
    const used = cpuSeconds() - cpu
    await working.stop()
    return { seconds: took, cpu: used, filling: (began - filling) / 1000 }
  } finally {
    await eventLog.close()
  }
}

function toAppend({ key, value }: { readonly key: string; readonly value: Uint8Array | null }): OutRecord {
  return { topic: accessDecisions, key, value, headers: { 'content-type': 'application/json' } }
}

function parseOnly(eventLog: EventLog): Promise<Consumption> {
  return eventLog.consume({
    group: 'parse-only',
    topics: [accessDecisions],
    max_records: ScoringConfig.parse({}).batch_records,
    handle({ parts }) {
      for (const { records } of parts)
        for (const record of records)
          if (readDecision(record).kind !== 'ok') throw new Error('the bench made a bad decision')
      return []
    },
  })
}

function score(eventLog: EventLog, metrics: Registry): ReturnType<typeof startScoring> {
  return startScoring(
    { eventLog, metrics, logger: pino({ level: 'warn' }), dataDir: '' },
    ScoringConfig.parse({}),
  )
}

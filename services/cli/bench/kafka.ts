import { availableParallelism } from 'node:os'
import pino from 'pino'
import { accessDecisions, topics } from '../../../schemas/topics.ts'
import type { BenchOptions, BenchResult } from '../../runtime/bench-result.ts'
import type { OutRecord } from '../../runtime/log/event-log.ts'
import { checkKafka } from '../../runtime/log/kafka/admin/admin.ts'
import { KafkaConfig } from '../../runtime/log/kafka/config.ts'
import { openKafkaLog } from '../../runtime/log/kafka/kafka-log.ts'
import { recordsOf } from '../../scoring/bench/in-memory.ts'
import { openBenchKafka, type BenchKafka } from './kafka-cluster.ts'
import { Fleet, type Worked } from './kafka-fleet.ts'

const DECISIONS = 120_000
/** Of each process. */
const WARM = 30_000
const SUBJECTS = 5_000
const APPEND = 2_000

/**
 * `gatewatch bench kafka`: scoring from Kafka to Kafka, by the clock, with the
 * broker on the same machine; once with one process, once with a process for
 * each core. Both stages with every detector; outputs, changed state and offsets
 * in one transaction a batch. Beside it, in the same run, as many processes of
 * the same consumer that do nothing but parse. Topics are filled beforehand, and
 * all is warmed up on topics of their own.
 */
export async function benchKafka({ directory, scale }: BenchOptions): Promise<BenchResult> {
  const began = performance.now()
  const kafka = await openBenchKafka(directory)
  const cores = availableParallelism()
  const count = Math.ceil(DECISIONS * scale)
  const warm = Math.ceil(WARM * scale)
  try {
    const one = await measured(kafka, 1, { count, warm })
    const all = await measured(kafka, cores, { count, warm: warm * cores })
    const each = (cpu: number) => Math.round((cpu * 1e6) / count)
    return {
      name: 'kafka',
      figures: {
        worker_decisions_per_second: Math.round(count / one.scored.seconds),
        parse_only_per_second: Math.round(count / one.parsed.seconds),
        ratio_to_parse_only: ratio(one),
        worker_cpu_us_per_decision: each(one.scored.cpu),
        parse_cpu_us_per_decision: each(one.parsed.cpu),
        workers: cores,
        workers_decisions_per_second: Math.round(count / all.scored.seconds),
        workers_parse_only_per_second: Math.round(count / all.parsed.seconds),
        workers_ratio_to_parse_only: ratio(all),
        workers_cpu_us_per_decision: each(all.scored.cpu),
        append_decisions_per_second: Math.round(count / one.filling),
        decisions: count,
      },
      cores,
      seconds: Math.round((performance.now() - began) / 100) / 10,
    }
  } finally {
    await kafka.close()
  }
}

interface Measured {
  readonly parsed: Worked
  readonly scored: Worked
  readonly filling: number
}

function ratio({ parsed, scored }: Measured): number {
  return Math.round((parsed.seconds / scored.seconds) * 1000) / 1000
}

/** What so many processes do together; first with fewer decisions, until their code is compiled. */
async function measured(
  kafka: BenchKafka,
  processes: number,
  { count, warm }: { readonly count: number; readonly warm: number },
): Promise<Measured> {
  const fleet = await Fleet.start(processes)
  try {
    await onFresh(kafka, fleet, warm)
    return await onFresh(kafka, fleet, count)
  } finally {
    await fleet.close()
  }
}

/** Fills fresh topics, and has all of it parsed, then scored, by a group each. */
async function onFresh(kafka: BenchKafka, fleet: Fleet, count: number): Promise<Measured> {
  const section = kafka.section()
  const filling = await fill(KafkaConfig.parse(section), count)
  const parsed = await fleet.work(section, 'parse')
  const scored = await fleet.work(section, 'score')
  return { parsed, scored, filling }
}

/** Seconds that it took to append them. */
async function fill(config: KafkaConfig, count: number): Promise<number> {
  const logger = pino({ level: 'warn' })
  await checkKafka(config, logger, topics)
  const eventLog = await openKafkaLog({ config, logger })
  try {
    const began = performance.now()
    const records = recordsOf(count, SUBJECTS)
    for (let first = 0; first < count; first += APPEND)
      await eventLog.append(records.slice(first, first + APPEND).map(toAppend), { independent: true })
    return (performance.now() - began) / 1000
  } finally {
    await eventLog.close()
  }
}

function toAppend({ key, value }: { readonly key: string; readonly value: Uint8Array | null }): OutRecord {
  return { topic: accessDecisions, key, value, headers: { 'content-type': 'application/json' } }
}

import { availableParallelism } from 'node:os'
import { quantile } from 'simple-statistics'
import { accessDecisions, accessFindings, type Topic } from '../../../schemas/topics.ts'
import type { BenchOptions, BenchResult } from '../../runtime/bench-result.ts'
import { Config } from '../../config.ts'
import { loadConfig } from '../../runtime/config.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { openRuntime } from '../open-runtime.ts'
import { openBenchKafka } from './kafka-cluster.ts'
import { runLoad, type LoadResult } from './loop-load.ts'
import { prepareWhole } from './whole.ts'

const RATE = 500
const PEOPLE = 2000
const ATTACKS = 300
const WARMUPS = 30
/** On Kafka. One process runs every role here: more partitions would only be more and smaller transactions. */
const PARTITIONS = 2

const JAVA = ['-Xms1g', '-Xmx1g', '-XX:+UseSerialGC'] as const

/**
 * Calm traffic before the first attack. On Kafka longer: its compiler has half a core of two for the first half minute
 * of a broker's life, which one that serves has behind it.
 */
const CALM_MS = { embedded: 2_000, kafka: 30_000 } as const

/**
 * The closed loop: from the decision that completes an attack to the first
 * decision whose outcome it changed, while other people make 500 decisions a
 * second. Everything runs as `gatewatch up` runs it, store included; questions
 * come over HTTP from another process. Both instants are `decided_at` of the
 * recorded decisions, in whole milliseconds, so the attacker's own pause
 * between two requests is in the figure. Calm traffic
 * and thirty attacks before the first that counts warm the process up.
 */
export async function benchLoop({ directory, scale, log }: BenchOptions): Promise<BenchResult> {
  const begin = performance.now()
  const attacks = Math.max(5, Math.round(ATTACKS * scale))
  if (log === 'embedded') return measure({ directory, attacks, begin, settings: {} })
  const kafka = await openBenchKafka(directory, JAVA)
  try {
    return await measure({
      directory,
      attacks,
      begin,
      settings: { kafka: kafka.section({ partitions: PARTITIONS }) },
    })
  } finally {
    await kafka.close()
  }
}

interface Measured {
  readonly directory: string
  readonly attacks: number
  readonly begin: number
  /** Sections of the configuration: `kafka`, or none. */
  readonly settings: Readonly<Record<string, unknown>>
}

async function measure({ directory, attacks, begin, settings }: Measured): Promise<BenchResult> {
  const prepared = await prepareWhole(directory, settings)
  const whole = await prepared.start()
  let load: LoadResult
  try {
    load = await runLoad(whole.evaluation, prepared.token, {
      rate: RATE,
      people: PEOPLE,
      attacks,
      calm_ms: 'kafka' in settings ? CALM_MS.kafka : CALM_MS.embedded,
      warmups: WARMUPS,
    })
  } finally {
    await whole.stop()
  }
  const config = loadConfig(Config, { file: prepared.config, env: {} })
  const loops = await loopTimes(config, load.stopped.slice(WARMUPS))
  if (loops.length < attacks)
    throw new GatewatchError('ERR_USAGE', `Only ${loops.length} of ${attacks} attacks were stopped.`)
  return {
    name: config.kafka === undefined ? 'loop' : 'loop on kafka',
    figures: {
      p50_ms: quantile(loops, 0.5),
      p99_ms: quantile(loops, 0.99),
      max_ms: Math.max(...loops),
      attacks,
      decisions_per_second: Math.round(load.answers / load.seconds),
    },
    cores: availableParallelism(),
    seconds: Math.round((performance.now() - begin) / 100) / 10,
  }
}

/** For each attacker: ms from the decision that the first finding rests on to the first outcome that feedback changed. */
async function loopTimes(config: Config, attackers: readonly string[]): Promise<number[]> {
  const runtime = await openRuntime(config)
  const { eventLog } = runtime
  const completed = new Map<string, string>()
  for await (const finding of every(eventLog, accessFindings)) {
    const last = finding.decision_ids.at(-1)
    const { id } = finding.entity
    if (finding.revision === 1 && last !== undefined && !completed.has(id)) completed.set(id, last)
  }
  const completing = new Set(completed.values())
  const at = new Map<string, number>()
  const changed = new Map<string, number>()
  for await (const decision of every(eventLog, accessDecisions)) {
    const subject = `${decision.subject.type}:${decision.subject.id}`
    const ms = Date.parse(decision.decided_at)
    if (completing.has(decision.id)) at.set(decision.id, ms)
    if (decision.caused_by === 'risk_feedback' && !changed.has(subject)) changed.set(subject, ms)
  }
  await runtime.close()
  return attackers.flatMap((subject) => {
    const from = at.get(completed.get(subject) ?? '')
    const to = changed.get(subject)
    return from === undefined || to === undefined ? [] : [to - from]
  })
}

async function* every<T>(eventLog: EventLog, topic: Topic<T>): AsyncGenerator<T> {
  for (const { partition } of await eventLog.watermarks(topic)) {
    for await (const records of eventLog.read(topic, { partition })) {
      for (const { value } of records)
        if (value !== null) yield topic.schema.parse(JSON.parse(new TextDecoder().decode(value)))
    }
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inject } from 'vitest'
import { onPath } from '../../../deploy/kafka/classpath.ts'
import { startCluster } from '../../../deploy/kafka/cluster.ts'
import type { Cluster } from '../../../deploy/kafka/cluster.ts'
import type { BrokerPlan } from '../../../deploy/kafka/properties.ts'
import { brokerPlans } from '../../../deploy/kafka/plan.ts'

/** Whether `kafkaBrokers` can give a broker. With CI=true its absence is a failure, not a skip. */
export function hasKafka(): boolean {
  return Boolean(process.env['KAFKA_BROKERS']) || canStartBrokers()
}

/** Whether `startBrokers` works: Java 17 or newer and Maven. With CI=true their absence is a failure. */
export function canStartBrokers(): boolean {
  const missing = process.env['GATEWATCH_TEST_NO_KAFKA'] ?? missingPrograms()
  if (!missing) return true
  if (process.env['CI'] === 'true') throw new Error(`Kafka tests must run with CI=true: ${missing}`)
  process.stderr.write(`SKIPPED: tests that need Kafka: ${missing}\n`)
  return false
}

function missingPrograms(): string | null {
  const missing = ['java', 'mvn'].filter((program) => !onPath(program))
  if (missing.length === 0) return null
  return `${missing.join(' and ')} not found; install Java 17 and Maven, or set KAFKA_BROKERS`
}

/**
 * A broker for tests that leave it alive: what KAFKA_BROKERS names, or one that
 * the whole vitest run shares, started by whoever asks first. Each test brings
 * a topic prefix of its own.
 */
export async function kafkaBrokers(): Promise<string[]> {
  const named = process.env['KAFKA_BROKERS']
  if (named) return named.split(',')
  const socket = createConnection(inject('kafkaSocket'))
  const { brokers, error } = JSON.parse(await text(socket)) as { brokers?: string[]; error?: string }
  if (!brokers) throw new Error(error)
  return brokers
}

/** Brokers of one's own, to be stopped, killed and started again; `dispose` ends them and removes their data. */
export interface OwnBrokers extends Cluster {
  dispose(): Promise<void>
}

/** Starts one broker, or three; `change` may alter a plan, to add secured listeners. */
export async function startBrokers({
  count = 1,
  change = (plan) => plan,
}: {
  count?: 1 | 3
  change?: (plan: BrokerPlan) => BrokerPlan
} = {}): Promise<OwnBrokers> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-kafka-'))
  const plans = await brokerPlans(count, directory)
  const cluster = await startCluster(plans.map(change))
  return {
    ...cluster,
    async dispose() {
      await cluster.close({ quick: true })
      await rm(directory, { recursive: true, force: true })
    },
  }
}

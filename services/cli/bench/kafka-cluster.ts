import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { KafkaConfig } from '../../runtime/log/kafka/config.ts'

/** A Kafka to measure on. */
export interface BenchKafka {
  /** A section `kafka` as a configuration file has it, with a topic prefix that nobody used yet. */
  section(more?: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
  /** The same, read. */
  fresh(): KafkaConfig
  close(): Promise<void>
}

/** Room enough for the page cache to do the work: Kafka's own default heap is a gigabyte. */
const JAVA = ['-Xms1g', '-Xmx1g'] as const

/** What KAFKA_BROKERS names, or one broker beside us on this machine (`deploy/kafka`). */
export async function openBenchKafka(directory: string, java: readonly string[] = JAVA): Promise<BenchKafka> {
  const named = process.env['KAFKA_BROKERS']
  const cluster = named === undefined ? await startOne(directory, java) : null
  const section = (more: Readonly<Record<string, unknown>> = {}) => ({
    ...more,
    brokers: cluster?.brokers ?? named,
    topic_prefix: `bench-${randomBytes(4).toString('hex')}.`,
  })
  return {
    section,
    fresh: () => KafkaConfig.parse(section()),
    close: async () => cluster?.close({ quick: true }),
  }
}

async function startOne(directory: string, java: readonly string[]) {
  const [{ startCluster }, { brokerPlans }] = await Promise.all([
    import('../../../deploy/kafka/cluster.ts'),
    import('../../../deploy/kafka/plan.ts'),
  ])
  return startCluster(await brokerPlans(1, join(directory, 'kafka')), java)
}

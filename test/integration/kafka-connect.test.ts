import { randomUUID } from 'node:crypto'
import { CompressionTypes, Partitioners } from 'kafkajs'
import type { Kafka } from 'kafkajs'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessDecisions, control, scoringState, topics } from '../../schemas/topics.ts'
import { checkKafka, withAdmin } from '../../services/runtime/log/kafka/admin/admin.ts'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import { connectKafka } from '../../services/runtime/log/kafka/client/connect.ts'
import { createTopics } from '../../services/runtime/log/kafka/admin/create-topics.ts'
import { partitionsOf, prefixed, surveyTopics } from '../../services/runtime/log/kafka/admin/topics.ts'
import { eventually } from '../support/eventually.ts'
import { canStartBrokers, hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { startSecuredBroker } from '../support/kafka/kafka-secured.ts'
import type { SecuredBroker } from '../support/kafka/kafka-secured.ts'

const quiet = pino({ level: 'silent' })

function settings(brokers: string | readonly string[], more: Record<string, unknown> = {}): KafkaConfig {
  return KafkaConfig.parse({ brokers, topic_prefix: `t${randomUUID().slice(0, 8)}.`, ...more })
}

/** What kafkajs calls the compression of a configuration. */
function compressionType(compression: KafkaConfig['compression']): CompressionTypes {
  return { none: CompressionTypes.None, gzip: CompressionTypes.GZIP, zstd: CompressionTypes.ZSTD }[
    compression
  ]
}

/** Produces in a transaction, aborts another, and reads the first alone with a consumer group. */
async function roundTrip(kafka: Kafka, config: KafkaConfig): Promise<string[]> {
  const topic = prefixed(config, accessDecisions.name)
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: `${topic}-${randomUUID()}`,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const send = async (value: string, end: 'commit' | 'abort'): Promise<void> => {
    const transaction = await producer.transaction()
    await transaction.send({
      topic,
      compression: compressionType(config.compression),
      messages: [{ key: 'a', value }],
    })
    await transaction[end]()
  }
  await send('aborted', 'abort')
  await send('committed', 'commit')
  await producer.disconnect()

  const consumer = kafka.consumer({ groupId: `${topic}-group`, readUncommitted: false })
  const seen: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      seen.push(String(message.value))
    },
  })
  await eventually('the committed record', () => (seen.length > 0 ? seen : undefined))
  await consumer.disconnect()
  return seen
}

describe.skipIf(!hasKafka())('kafkajs on this Kafka', () => {
  it.each(['none', 'gzip', 'zstd'] as const)(
    'commits, aborts and reads in a group: %s',
    async (compression) => {
      const config = settings(await kafkaBrokers(), { compression, partitions: 2 })
      await checkKafka(config, quiet, topics)
      const kafka = await connectKafka(config, quiet)
      await expect(roundTrip(kafka, config)).resolves.toEqual(['committed'])
    },
  )

  it('leaves no timer running on an idle connection', async () => {
    const config = settings(await kafkaBrokers())
    const warnings: string[] = []
    const warned = (warning: Error): void => void warnings.push(warning.name)
    process.on('warning', warned)
    const kafka = await connectKafka(config, quiet)
    await withAdmin(kafka, config, async (admin) => {
      await admin.listTopics()
      await admin.describeCluster()
    })
    process.off('warning', warned)
    expect(warnings).not.toContain('TimeoutNegativeWarning')
  })
})

describe.skipIf(!hasKafka())('topics on Kafka', () => {
  it('are created from the catalogue, once, with partitions, clean-up and the largest message', async () => {
    const config = settings(await kafkaBrokers(), { partitions: 5 })
    await Promise.all([checkKafka(config, quiet, topics), checkKafka(config, quiet, topics)])
    const kafka = await connectKafka(config, quiet)
    const states = await withAdmin(kafka, config, (admin) => surveyTopics(admin, config, topics, false))
    expect(states.map(({ partitions }) => partitions)).toEqual(topics.map((one) => partitionsOf(config, one)))
    expect(states.flatMap(({ differences }) => differences)).toEqual([])
  })

  it.each([
    [
      'a wrong number of partitions',
      accessDecisions,
      3,
      {},
      /access\.decisions\.v1 has 3 partitions and must have 12; set kafka\.partitions to 3/,
    ],
    [
      'more than the one partition of control',
      control,
      2,
      {},
      /control\.v1 has 2 partitions and must have one/,
    ],
    [
      'state that would be deleted by age',
      scoringState,
      12,
      { 'cleanup.policy': 'delete' },
      /cleanup\.policy=delete and must have compact/,
    ],
  ] as const)('with %s are refused', async (_, topic, numPartitions, entries, sentence) => {
    const config = settings(await kafkaBrokers())
    const kafka = await connectKafka(config, quiet)
    await withAdmin(kafka, config, (admin) =>
      createTopics(admin, [
        { name: prefixed(config, topic.name), partitions: numPartitions, replicas: 1, settings: entries },
      ]),
    )
    await expect(checkKafka(config, quiet, [topic])).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringMatching(sentence),
    })
  })

  it('that are missing are named where creating them is forbidden', async () => {
    const config = settings(await kafkaBrokers(), { create_topics: false })
    await expect(checkKafka(config, quiet, topics)).rejects.toThrow(/topics are missing .* topics --create/)
  })

  it('can not have more copies than there are brokers', async () => {
    const config = settings(await kafkaBrokers(), { replication_factor: 9 })
    await expect(checkKafka(config, quiet, topics)).rejects.toThrow(/replication_factor is 9 .* set it to/)
  })

  it('are not looked for where nobody listens: one sentence, soon', async () => {
    const [port = 0] = await freePorts(1)
    await expect(checkKafka(settings([`127.0.0.1:${port}`]), quiet, topics)).rejects.toMatchObject({
      code: 'ERR_LOG_UNREACHABLE',
      retriable: true,
      message: expect.stringMatching(
        new RegExp(`can't be reached at 127.0.0.1:${port} .*ECONNREFUSED.*; start it`),
      ),
    })
  })
})

describe.skipIf(!canStartBrokers())('a broker with TLS and users', () => {
  let broker: SecuredBroker
  beforeAll(async () => {
    broker = await startSecuredBroker()
  })
  afterAll(() => broker?.dispose())

  const sasl = (mechanism: string, password_file = broker.passwordFile): Record<string, unknown> => ({
    mechanism,
    username: broker.username,
    password_file,
  })
  const check = (address: string, more: Record<string, unknown>): Promise<void> =>
    checkKafka(settings(address, more), quiet, [accessDecisions])

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'lets a user in by %s, transactions and all',
    async (mechanism) => {
      const config = settings(broker.sasl, {
        ssl: { ca_file: broker.caFile },
        sasl: sasl(mechanism),
        partitions: 1,
      })
      await checkKafka(config, quiet, [accessDecisions])
      await expect(roundTrip(await connectKafka(config, quiet), config)).resolves.toEqual(['committed'])
    },
  )

  it('lets a client in by its certificate', async () => {
    const ssl = { ca_file: broker.caFile, ...broker.client }
    await expect(check(broker.tls, { ssl })).resolves.toBeUndefined()
  })

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'a wrong password is one sentence without it: %s',
    async (mechanism) => {
      const ssl = { ca_file: broker.caFile }
      await expect(
        check(broker.sasl, { ssl, sasl: sasl(mechanism, broker.wrongPasswordFile) }),
      ).rejects.toMatchObject({
        code: 'ERR_CONFIG_INVALID',
        retriable: false,
        message: `Kafka refused the user of kafka.sasl (${mechanism}); correct username, password or mechanism.`,
      })
    },
  )

  it('a broker of another authority is not trusted', async () => {
    await expect(
      check(broker.sasl, { ssl: { ca_file: broker.otherCaFile }, sasl: sasl('scram-sha-512') }),
    ).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringMatching(/is not trusted \(\w+\); set kafka\.ssl\.ca_file/),
    })
  })

  it('a client without a certificate is told so where one is demanded', async () => {
    await expect(check(broker.tls, { ssl: { ca_file: broker.caFile } })).rejects.toMatchObject({
      message: expect.stringMatching(/kafka\.ssl\.cert_file/),
    })
  })

  it('a user where none is asked for, TLS where none is spoken, none where it is: each is a sentence', async () => {
    await expect(check(broker.plain, { sasl: sasl('scram-sha-256') })).rejects.toThrow(/remove kafka\.sasl/)
    await expect(check(broker.plain, { ssl: { ca_file: broker.caFile } })).rejects.toThrow(/kafka\.ssl/)
    await expect(check(broker.sasl, {})).rejects.toThrow(/kafka\.ssl/)
  })

  it('files that are not there are named by their setting', async () => {
    await expect(check(broker.tls, { ssl: { ca_file: '/nowhere/ca.pem' } })).rejects.toThrow(
      /kafka\.ssl\.ca_file/,
    )
    await expect(check(broker.sasl, { ssl: {}, sasl: sasl('plain', '/nowhere/password') })).rejects.toThrow(
      /kafka\.sasl\.password_file/,
    )
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, describe, expect, it } from 'vitest'
import { kafkaClasspath } from '../../deploy/kafka/classpath.ts'
import { formatBroker, startBroker } from '../../deploy/kafka/process.ts'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { readText } from '../support/deploy/files.ts'
import { canStartBrokers } from '../support/kafka/kafka-broker.ts'

const directory = mkdtempSync(join(tmpdir(), 'gatewatch-compose-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe.skipIf(!canStartBrokers())('the broker of deploy/compose.yaml', () => {
  it('formats and starts with the settings that are mounted there, and holds transactions', async ({
    onTestFinished,
  }) => {
    const [broker, controller] = await freePorts(2)
    const [, clusterId = ''] = /--cluster-id (\S+) /.exec(readText('deploy/compose.yaml')) ?? []
    const settings = readText('deploy/compose/kafka.properties')
      .replaceAll('kafka:9094', `127.0.0.1:${controller}`)
      .replaceAll('kafka:9092', `127.0.0.1:${broker}`)
      .replaceAll(':9092', `127.0.0.1:${broker}`)
      .replaceAll(':9094', `127.0.0.1:${controller}`)
      .replace('/var/lib/kafka/data', join(directory, 'data'))
    writeFileSync(join(directory, 'server.properties'), settings)
    const classpath = await kafkaClasspath()
    await formatBroker(directory, classpath, clusterId)
    const process = await startBroker(directory, classpath)
    onTestFinished(() => process.kill())

    const kafka = new Kafka({ brokers: [`127.0.0.1:${broker}`], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    const producer = kafka.producer({ transactionalId: 'once', maxInFlightRequests: 1, idempotent: true })
    await Promise.all([admin.connect(), producer.connect()])
    onTestFinished(async () => {
      await Promise.all([admin.disconnect(), producer.disconnect()])
    })
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] })
    const transaction = await producer.transaction()
    await transaction.send({ topic: 'kept', messages: [{ key: 'a', value: 'b' }] })
    await transaction.commit()
    await expect(admin.fetchTopicOffsets('kept')).resolves.toMatchObject([{ low: '0' }])
    const resource = {
      type: ConfigResourceTypes.BROKER,
      name: '1',
      configNames: ['log.flush.interval.messages'],
    }
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] })
    expect(resources[0]?.configEntries).toMatchObject([{ configValue: '1' }])
  })
})

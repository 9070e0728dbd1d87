import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { canStartBrokers, hasKafka, kafkaBrokers, startBrokers } from '../support/kafka/kafka-broker.ts'

describe.skipIf(!hasKafka())('the broker of the test run', () => {
  it('is one and the same for all who ask', async () => {
    const [first, second] = await Promise.all([kafkaBrokers(), kafkaBrokers()])
    expect(second).toEqual(first)
    const admin = new Kafka({ brokers: first, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await expect(admin.describeCluster()).resolves.toMatchObject({ brokers: [expect.anything()] })
    await admin.disconnect()
  })
})

describe.skipIf(!canStartBrokers())('brokers of a test', () => {
  it('keep their records through kill -9 and a restart on the same port', async ({ onTestFinished }) => {
    const brokers = await startBrokers()
    onTestFinished(() => brokers.dispose())
    const kafka = new Kafka({ brokers: [...brokers.brokers], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    const producer = kafka.producer()
    await Promise.all([admin.connect(), producer.connect()])
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] })
    await producer.send({ topic: 'kept', messages: [{ key: 'a', value: 'b' }] })

    await brokers.kill(0)
    await brokers.start(0)

    await expect(admin.fetchTopicOffsets('kept')).resolves.toMatchObject([{ high: '1' }])
    await Promise.all([admin.disconnect(), producer.disconnect()])
  })
})

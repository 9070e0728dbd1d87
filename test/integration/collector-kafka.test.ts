import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { liveCollector, sshdLine } from '../support/collector/live-collector.ts'

describe.skipIf(!hasKafka())('a topic of a foreign cluster', () => {
  it('is read from all partitions, each message once over restarts, with nothing committed in its group', async () => {
    const brokers = await kafkaBrokers()
    const topic = `foreign-${randomUUID()}`
    const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    const producer = kafka.producer()
    await Promise.all([admin.connect(), producer.connect()])
    onTestFinished(async () => {
      await Promise.all([producer.disconnect(), admin.disconnect()])
    })
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 3 }] })
    const send = (from: number, to: number) =>
      producer.send({
        topic,
        messages: Array.from({ length: to - from }, (_, nth) => ({
          key: `k${nth}`,
          value: sshdLine(`u${from + nth}`, from + nth).trimEnd(),
        })),
      })
    const place = await liveCollector()
    const section = {
      sources: [
        { name: 'foreign', kind: 'kafka', format: 'sshd', topic, brokers, from: 'end', group: topic },
      ],
    }
    await send(0, 5)
    // What was there before the first start is history.
    const first = await place.start(section)
    await send(5, 25)
    await place.atLeast(20)
    await first.stop()
    await send(25, 30)
    await producer.send({ topic, messages: [{ value: null }, { value: 'nothing of sshd' }] })
    await place.start(section)
    const decisions = await place.atLeast(25)
    const users = decisions.map(({ subject }) => Number(subject.id.slice(1)))
    expect(users.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, nth) => nth + 5))
    await expect.poll(() => place.deadLetters()).toHaveLength(1)
    const [offsets] = await admin.fetchOffsets({ groupId: topic, topics: [topic] })
    expect(offsets?.partitions.map(({ offset }) => offset)).toEqual(['-1', '-1', '-1'])
  })
})

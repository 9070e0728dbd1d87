import { describe, expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import type { OutRecord } from '../../services/runtime/log/event-log.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'

const BACKLOG = 10_000
const BATCH = 100

describe.skipIf(!hasKafka())('partitions of one consumer on Kafka', () => {
  it('wait for no other: a record is committed while a partition beside it is far behind', async ({
    onTestFinished,
  }) => {
    const log = await openTestLog({ brokers: await kafkaBrokers(), prefix: newPrefix(), partitions: 2 })
    onTestFinished(() => log.close())
    const [from, to] = [topic('lanes.from.v1'), topic('lanes.to.v1')]
    await log.append(Array.from({ length: BACKLOG }, (_, index) => record(from, 0, `far behind ${index}`)))

    const handled: number[] = []
    const consumption = await log.consume({
      group: 'lanes',
      topics: [from],
      max_records: BATCH,
      async handle({ parts }) {
        for (const { partition } of parts) handled.push(partition)
        // Once the backlog has the transactions for itself: each of its batches is full, and waits for the last.
        if (handled.length === 5) await log.append([record(from, 1, 'just now')])
        return parts.flatMap(({ partition, records }) => records.map(({ key }) => record(to, partition, key)))
      },
    })
    await consumption.drained()
    await consumption.stop()
    expect(handled.indexOf(1)).toBeGreaterThan(0)
    expect(handled.indexOf(1)).toBeLessThan(handled.length - 1)
    expect(handled.filter((partition) => partition === 0)).toHaveLength(BACKLOG / BATCH)
    const marks = await log.watermarks(to)
    expect(marks.every(({ high }) => high > 0)).toBe(true)
  })

  it('pause after a failure however many transactions others end meanwhile', async ({ onTestFinished }) => {
    const log = await openTestLog({ brokers: await kafkaBrokers(), prefix: newPrefix(), partitions: 2 })
    onTestFinished(() => log.close())
    const [from, to] = [topic('pauses.from.v1'), topic('pauses.to.v1')]
    const others = Array.from({ length: 60 }, (_, index) => record(from, 1, `other ${index}`))
    await log.append([record(from, 0, 'refused'), ...others])

    let [refused, committed] = [0, 0]
    const consumption = await log.consume({
      group: 'pauses',
      topics: [from],
      max_records: 1,
      handle({ parts }) {
        if (parts.some(({ partition }) => partition === 0)) {
          refused++
          if (committed < others.length) throw new Error('refused')
        } else committed++
        return parts.flatMap(({ partition, records }) => records.map(({ key }) => record(to, partition, key)))
      },
    })
    await consumption.drained()
    await consumption.stop()
    expect(committed).toBe(others.length)
    expect(refused).toBeLessThan(others.length / 2)
  })
})

function topic(name: string): LogTopic {
  return { name, partitions: 2, retention_ms: 3_600_000, compacted: false }
}

function record(to: LogTopic, partition: number, key: string): OutRecord {
  return { topic: to, key, value: 'x', partition }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import type { Consumption, EventLog } from '../../services/runtime/log/event-log.ts'
import { eventually } from '../support/eventually.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'

const PARTITIONS = 4
const COMINGS = 25

describe.skipIf(!hasKafka())('a rebalance storm', () => {
  it(`of members that come and go ${COMINGS} times within seconds, some without a word, hands every record on once and in order`, async ({
    onTestFinished,
  }) => {
    const place = { brokers: await kafkaBrokers(), prefix: newPrefix() }
    const topic = (name: string): LogTopic => ({
      name,
      partitions: PARTITIONS,
      retention_ms: 3_600_000,
      compacted: false,
    })
    const [from, to] = [topic('storm.in.v1'), topic('storm.out.v1')]
    const open = async (): Promise<EventLog> => {
      const log = await openTestLog(place)
      onTestFinished(() => log.close())
      return log
    }
    const join = (log: EventLog): Promise<Consumption> =>
      log.consume({
        group: 'storm',
        topics: [from],
        max_records: 20,
        handle: async ({ parts }) => {
          await sleep(Math.random() * 20)
          return parts.flatMap(({ partition, records }) =>
            records.map(({ key, value }) => ({ topic: to, key, value, partition })),
          )
        },
      })
    const steady = await open()
    await join(steady)
    const writer = await open()
    const sent = { total: 0 }
    const storming = new AbortController()
    const writing = (async () => {
      while (!storming.signal.aborted) {
        await writer.append(
          Array.from({ length: 10 }, () => ({
            topic: from,
            key: `key-${sent.total % 16}`,
            value: String(sent.total++),
          })),
        )
        await sleep(20)
      }
    })()

    // A broker that is slow to take records has them come and go for longer.
    for (let coming = 0; coming < COMINGS || sent.total <= 200; coming += 1) {
      const log = await openTestLog(place)
      const member = await join(log)
      await sleep(Math.random() * 150)
      // Every fifth goes with its connection, in the middle of what it does.
      if (coming % 5 !== 4) await member.stop()
      await log.close()
    }
    storming.abort()
    await writing

    const moved = await eventually('everything was handed on', async () => {
      const records: { key: string; value: number }[] = []
      for (let partition = 0; partition < PARTITIONS; partition += 1)
        for await (const some of steady.read(to, { partition }))
          for (const { key, value } of some)
            records.push({ key, value: Number(new TextDecoder().decode(value ?? new Uint8Array())) })
      return records.length >= sent.total ? records : undefined
    })
    expect(sent.total).toBeGreaterThan(200)
    expect(moved.map(({ value }) => value).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: sent.total }, (_, index) => index),
    )
    for (const [, ofKey] of Map.groupBy(moved, ({ key }) => key))
      expect(ofKey.map(({ value }) => value)).toEqual(
        ofKey.map(({ value }) => value).toSorted((a, b) => a - b),
      )
  })
})

import { describe, expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { GatewatchError } from '../../services/runtime/errors.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { copyTo } from '../support/event-log-roles.ts'
import { canStartBrokers, startBrokers } from '../support/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/kafka-log-driver.ts'

const KILLS = 2
const from: LogTopic = { name: 'away.from.v1', partitions: 4, retention_ms: 3_600_000, compacted: false }
const to: LogTopic = { ...from, name: 'away.to.v1' }

describe.skipIf(!canStartBrokers())('Kafka', () => {
  it(
    'a broker killed and started again during transactions: appends say that it is away and may be repeated, consumers go on, nothing is lost or doubled',
    { timeout: 120_000 },
    async ({ onTestFinished }) => {
      const cluster = await startBrokers()
      onTestFinished(() => cluster.dispose())
      const { brokers } = cluster
      const log = await openTestLog({ brokers, prefix: newPrefix(), append_wait_ms: 1_000 })
      onTestFinished(() => log.close())
      const consumption = await log.consume({
        group: 'g',
        topics: [from],
        max_records: 20,
        handle: copyTo(to),
      })
      const table = await log.openTable({ ...to, name: 'away.table.v1', compacted: true })

      const sending = { now: true }
      const codes = new Set<string>()
      const writers = Promise.all([
        write('single', sending, (records) =>
          Promise.all(records.map((one) => untilTaken(codes, () => log.append([one])))),
        ),
        write('independent', sending, (records) =>
          untilTaken(codes, () => log.append(records, { independent: true })),
        ),
        write('together', sending, (records) => untilTaken(codes, () => log.append(records))),
      ])
      for (let kill = 0; kill < KILLS; kill++) {
        await new Promise((resolve) => setTimeout(resolve, 600))
        await cluster.kill(0)
        await new Promise((resolve) => setTimeout(resolve, kill === 0 ? 1_500 : 200))
        await cluster.start(0)
      }
      await new Promise((resolve) => setTimeout(resolve, 500))
      sending.now = false
      const sent = (await writers).flat()
      await consumption.drained()
      await log.append([
        { topic: { ...to, name: 'away.table.v1', compacted: true }, key: 'k', value: 'there' },
      ])
      expect(Buffer.from(table.get('k') ?? []).toString()).toBe('there')

      const [inputs, outputs] = [await values(log, from), await values(log, to)]
      expect(inputs.flat().sort()).toEqual([...sent].sort())
      expect(outputs).toEqual(inputs)
      expect([...codes]).toEqual(['ERR_LOG_UNAVAILABLE'])
      await consumption.stop()
    },
  )
})

/** Appends for as long as it may, and resolves to what was taken. */
async function write(
  name: string,
  sending: { readonly now: boolean },
  append: (records: Parameters<EventLog['append']>[0]) => Promise<unknown>,
): Promise<string[]> {
  const sent: string[] = []
  for (let i = 0; sending.now; i++) {
    const records = Array.from({ length: 5 }, (_, n) => ({
      topic: from,
      key: `${name}-${n}`,
      value: `${name}-${i}-${n}`,
    }))
    await append(records)
    sent.push(...records.map(({ value }) => value))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return sent
}

/**
 * Brings what was refused again until it is taken, as a spool does. Only what
 * was refused: while an append is under way nobody knows its fate, and its
 * records brought beside it are other records.
 */
async function untilTaken(codes: Set<string>, append: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await append()
      return
    } catch (error) {
      if (!(error instanceof GatewatchError) || !error.retriable) throw error
      codes.add(error.code)
    }
  }
}

async function values(log: EventLog, topic: LogTopic): Promise<string[][]> {
  return await Promise.all(
    Array.from({ length: 4 }, async (_, partition) => {
      const found: string[] = []
      for await (const records of log.read(topic, { partition })) {
        for (const { value } of records) found.push(Buffer.from(value ?? []).toString())
      }
      return found
    }),
  )
}

import { describe, expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { copyTo } from '../support/log/event-log-roles.ts'
import { canStartBrokers, startBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { untilTaken, writeEveryWay } from '../support/log/log-load.ts'
import { textsOf } from '../support/log/stored-records.ts'

const KILLS = 2
const from: LogTopic = { name: 'away.from.v1', partitions: 4, retention_ms: 3_600_000, compacted: false }
const to: LogTopic = { ...from, name: 'away.to.v1' }

describe.skipIf(!canStartBrokers())('Kafka', () => {
  it('a broker killed and started again during transactions: appends say that it is away and may be repeated, consumers go on, nothing is lost or doubled', async ({
    onTestFinished,
  }) => {
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
    const writers = writeEveryWay(sending, log, from, codes)
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 600))
      await cluster.kill(0)
      await new Promise((resolve) => setTimeout(resolve, kill === 0 ? 1_500 : 200))
      await cluster.start(0)
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
    sending.now = false
    const sent = await writers
    await consumption.drained()
    const record = { topic: { ...to, name: 'away.table.v1', compacted: true }, key: 'k', value: 'there' }
    await untilTaken(() => log.append([record]))
    expect(Buffer.from(table.get('k') ?? []).toString()).toBe('there')

    const [inputs, outputs] = [await textsOf(log, from), await textsOf(log, to)]
    expect(inputs.flat().sort()).toEqual([...sent].sort())
    expect(outputs).toEqual(inputs)
    expect([...codes]).toEqual(['ERR_LOG_UNAVAILABLE'])
    await consumption.stop()
  })
})

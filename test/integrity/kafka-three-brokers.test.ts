import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { withAdmin } from '../../services/runtime/log/kafka/admin/admin.ts'
import { KafkaConfig } from '../../services/runtime/log/kafka/config.ts'
import { connectKafka } from '../../services/runtime/log/kafka/client/connect.ts'
import type { Batch, OutRecord } from '../../services/runtime/log/event-log.ts'
import { copyTo } from '../support/log/event-log-roles.ts'
import { eventually } from '../support/eventually.ts'
import { canStartBrokers, startBrokers, type OwnBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { writeEveryWay } from '../support/log/log-load.ts'
import { textsOf } from '../support/log/stored-records.ts'

const from: LogTopic = { name: 'three.from.v1', partitions: 4, retention_ms: 3_600_000, compacted: false }
const to: LogTopic = { ...from, name: 'three.to.v1' }
const state: LogTopic = { ...from, name: 'three.state.v1', compacted: true }
/** What must go by while a broker is away, so that it is no remainder of what was under way. */
const MEANWHILE = 60
/** GATEWATCH_FULL_OUTAGE=1: one after the other, the third in order; each takes ten seconds and more. */
const ENDS: readonly ('stop' | 'kill')[] =
  process.env['GATEWATCH_FULL_OUTAGE'] === '1' ? ['kill', 'kill', 'stop'] : ['kill']

describe.skipIf(!canStartBrokers())('three brokers, of which two must have each record', () => {
  it('one is killed and comes back under load: the loop goes on without it, leaders move, and appends, read-process-write and a table lose and double nothing', async ({
    onTestFinished,
  }) => {
    const cluster = await startBrokers({ count: 3 })
    onTestFinished(() => cluster.dispose())
    const { brokers } = cluster
    const log = await openTestLog({ brokers, prefix: newPrefix(), append_wait_ms: 1_000 })
    onTestFinished(() => log.close())
    const table = await log.openTable(state)
    const copied = () => [...table.entries()].reduce((sum, [, value]) => sum + Number(textOf(value)), 0)
    const handle = (batch: Batch): OutRecord[] => [
      ...copyTo(to)(batch),
      ...batch.parts.map(({ partition, records }) => {
        // What the table holds is what was committed before: a batch that comes again counts once.
        const before = Number(textOf(table.get(`of ${partition}`) ?? Buffer.from('0')))
        return { topic: state, key: `of ${partition}`, value: String(before + records.length), partition }
      }),
    ]
    const consumption = await log.consume({ group: 'g', topics: [from], max_records: 20, handle })

    const sending = { now: true }
    const codes = new Set<string>()
    const writers = writeEveryWay(sending, log, from, codes)
    for (const [index, how] of ENDS.entries()) {
      await eventually('the loop runs', () => copied() > MEANWHILE)
      await cluster[how](index)
      const before = copied()
      await eventually(
        `the loop goes on without broker ${index}`,
        () => copied() > before + MEANWHILE,
        60_000,
      )
      await cluster.start(index)
      await whole(cluster)
    }
    sending.now = false
    const sent = await writers
    await consumption.drained()
    await table.caughtUp()

    const [inputs, outputs] = [await textsOf(log, from), await textsOf(log, to)]
    expect(inputs.flat().sort()).toEqual([...sent].sort())
    expect(outputs).toEqual(inputs)
    expect(copied()).toBe(sent.length)
    expect([...codes].filter((code) => code !== 'ERR_LOG_UNAVAILABLE')).toEqual([])
    await consumption.stop()
  })
})

const textOf = (value: Uint8Array): string => Buffer.from(value).toString()

/** Resolves when every partition has all three copies again: before that, a second broker away would be one too many. */
async function whole({ brokers }: OwnBrokers): Promise<void> {
  const config = KafkaConfig.parse({ brokers })
  const kafka = await connectKafka(config, pino({ level: 'silent' }))
  await withAdmin(kafka, config, (admin) =>
    eventually(
      'every partition has three copies',
      async () => {
        const { topics } = await admin.fetchTopicMetadata().catch(() => ({ topics: [] }))
        return (
          topics.length > 0 &&
          topics.every(({ partitions }) => partitions.every(({ isr }) => isr.length === 3))
        )
      },
      90_000,
    ),
  )
}

import { describe, expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { startChild } from '../support/log/event-log-contract.ts'
import { copyTo } from '../support/log/event-log-roles.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import type { Fault, FaultyArgument } from '../support/log/kafka-faulty-driver.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { untilTaken } from '../support/log/log-load.ts'

const PARTITIONS = 4
const SESSION_MS = 1_000
/** Of the requests of its kind: the second transaction, under the second transactional id. */
const SECOND = 2
/** A dead one's open transaction would hold the next up for ten seconds and more, were it not fenced. */
const HELD_UP_MS = 8_000
const from: LogTopic = {
  name: 'crash.from.v1',
  partitions: PARTITIONS,
  retention_ms: 3_600_000,
  compacted: false,
}
const to: LogTopic = { ...from, name: 'crash.to.v1' }
const module = new URL('../support/log/kafka-faulty-driver.ts', import.meta.url).href

/** Every step of a commit, in the order of a commit, under both versions of Kafka's transactions. */
const steps: readonly (Omit<Fault, 'signal' | 'nth'> & { readonly nth?: number })[] = [
  { version: 2, at: 'OffsetCommit', when: 'sent', nth: 1 },
  { version: 2, at: 'OffsetCommit', when: 'after', nth: 1 },
  // The ids of the last owner are fenced first, two of them, then each of one's own before it is used.
  { version: 2, at: 'InitProducerId', when: 'sent', nth: 1 },
  { version: 2, at: 'InitProducerId', when: 'after', nth: 2 },
  { version: 2, at: 'InitProducerId', when: 'after', nth: 3 },
  { version: 2, at: 'InitProducerId', when: 'after', nth: 4 },
  { version: 2, at: 'Produce', when: 'sent' },
  { version: 2, at: 'Produce', when: 'after' },
  { version: 2, at: 'TxnOffsetCommit', when: 'sent' },
  { version: 2, at: 'TxnOffsetCommit', when: 'after' },
  { version: 2, at: 'EndTxn', when: 'before' },
  { version: 2, at: 'EndTxn', when: 'sent' },
  { version: 2, at: 'EndTxn', when: 'after' },
  { version: 1, at: 'AddPartitionsToTxn', when: 'after' },
  { version: 1, at: 'AddOffsetsToTxn', when: 'sent' },
  { version: 1, at: 'Produce', when: 'after' },
  { version: 1, at: 'TxnOffsetCommit', when: 'sent' },
  { version: 1, at: 'EndTxn', when: 'before' },
  { version: 1, at: 'EndTxn', when: 'sent' },
  { version: 1, at: 'EndTxn', when: 'after' },
]

describe.skipIf(!hasKafka())('Kafka', () => {
  it('kill -9 of a worker at every step of a commit: outputs and offsets are there both or neither, and the next one goes on at once', async ({
    onTestFinished,
  }) => {
    const [brokers, prefix] = [await kafkaBrokers(), newPrefix()]
    const log = await openTestLog({ brokers, prefix, session_ms: SESSION_MS })
    onTestFinished(() => log.close())
    let sent = 0
    const took: { readonly step: string; readonly ms: number }[] = []
    for (const step of steps) {
      sent = await send(log, sent, 60)
      const began = performance.now()
      const argument: FaultyArgument = {
        brokers,
        prefix,
        session_ms: SESSION_MS,
        fault: { nth: SECOND, ...step, signal: 'SIGKILL' },
      }
      const child = startChild({ child: { module, argument: JSON.stringify(argument) } }, 'copy', from, to)
      const [, signal] = await child.exited
      expect(signal).toBe('SIGKILL')
      took.push({ step: JSON.stringify(step), ms: performance.now() - began })
    }
    await send(log, sent, 60)
    const rest = await log.consume({ group: 'g', topics: [from], handle: copyTo(to) })
    await rest.drained()
    await rest.stop()
    expect(await values(log, to)).toEqual(await values(log, from))
    // Processes start and end meanwhile, which a busy machine alone can make as slow: then all of them are. What an open
    // transaction holds up is slow beside those that found none, a quarter of them at least.
    const usual = took.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(took.length / 4)] ?? 0
    expect(took.filter(({ ms }) => ms > Math.max(HELD_UP_MS, 4 * usual))).toEqual([])
  })
})

async function send(log: EventLog, first: number, count: number): Promise<number> {
  const records = Array.from({ length: count }, (_, i) => ({
    topic: from,
    key: `key-${(first + i) % 17}`,
    value: String(first + i),
  }))
  await untilTaken(() => log.append(records))
  return first + count
}

async function values(log: EventLog, topic: LogTopic): Promise<string[][]> {
  return await Promise.all(
    Array.from({ length: PARTITIONS }, async (_, partition) => {
      const found: string[] = []
      for await (const records of log.read(topic, { partition })) {
        for (const { value } of records) found.push(Buffer.from(value ?? []).toString())
      }
      return found
    }),
  )
}

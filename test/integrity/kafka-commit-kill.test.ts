import { describe, expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { PARTITIONS } from '../support/log/driver-under-test.ts'
import { copyTo } from '../support/log/event-log-roles.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import type { Fault, FaultyArgument } from '../support/log/kafka-faulty-driver.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { untilTaken } from '../support/log/log-load.ts'
import { numbered } from '../support/log/numbered-records.ts'
import { startChild } from '../support/log/start-child.ts'
import { textsOf } from '../support/log/stored-records.ts'

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
    const killedAt = async (step: (typeof steps)[number]): Promise<number> => {
      await untilTaken(() => log.append(numbered(from, 60, 17, sent)))
      sent += 60
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
      return performance.now() - began
    }
    const took: number[] = []
    for (const step of steps) took.push(await killedAt(step))
    // Processes start and end meanwhile, which a busy machine alone can make as slow. What an open transaction holds up
    // is slow beside those that found none, a quarter of them at least; and it is slow each time.
    const usual = took.toSorted((a, b) => a - b)[Math.floor(took.length / 4)] ?? 0
    const isSlow = (ms: number) => ms > Math.max(HELD_UP_MS, 4 * usual)
    const slow: string[] = []
    for (const [index, step] of steps.entries()) {
      const [ms = 0, before] = [took[index], steps[index - 1]]
      if (!isSlow(ms) || before === undefined) continue
      const again: number[] = []
      for (let round = 0; round < 3; round++) {
        // A process meets what the one before it left.
        await killedAt(before)
        again.push(await killedAt(step))
      }
      if (again.every(isSlow)) slow.push(`${JSON.stringify(step)}: ${[ms, ...again].join(', ')} ms`)
    }
    expect(slow).toEqual([])
    await untilTaken(() => log.append(numbered(from, 60, 17, sent)))
    const rest = await log.consume({ group: 'g', topics: [from], handle: copyTo(to) })
    await rest.drained()
    await rest.stop()
    expect(await textsOf(log, to)).toEqual(await textsOf(log, from))
  })
})

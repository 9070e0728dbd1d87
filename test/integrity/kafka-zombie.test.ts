import { describe, expect, it } from 'vitest'
import type { LogTopic } from '../../schemas/topics.ts'
import { PARTITIONS } from '../support/log/driver-under-test.ts'
import { copyTo } from '../support/log/event-log-roles.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import type { Fault, FaultyArgument } from '../support/log/kafka-faulty-driver.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { numbered } from '../support/log/numbered-records.ts'
import { startChild } from '../support/log/start-child.ts'
import { textsOf } from '../support/log/stored-records.ts'

const SESSION_MS = 1_000
const module = new URL('../support/log/kafka-faulty-driver.ts', import.meta.url).href

/** Where it falls asleep, with a batch in hand. */
const sleeps: readonly Pick<Fault, 'at' | 'when' | 'version'>[] = [
  { version: 2, at: 'Produce', when: 'before' },
  { version: 2, at: 'TxnOffsetCommit', when: 'after' },
  { version: 2, at: 'EndTxn', when: 'before' },
  { version: 1, at: 'Produce', when: 'before' },
  { version: 1, at: 'EndTxn', when: 'before' },
]

describe
  .skipIf(!hasKafka())
  .concurrent('Kafka: a worker that sleeps while its partitions move, and wakes', () => {
    it.each(sleeps)(
      'version $version, $when $at: nothing of what it had in hand is committed, and it works on',
      async ({ version, at, when }) => {
        const [brokers, prefix] = [await kafkaBrokers(), newPrefix()]
        const from: LogTopic = {
          name: 'zombie.from.v1',
          partitions: PARTITIONS,
          retention_ms: 3_600_000,
          compacted: false,
        }
        const to: LogTopic = { ...from, name: 'zombie.to.v1' }
        const log = await openTestLog({ brokers, prefix, session_ms: SESSION_MS })
        await log.append(numbered(from, 60, 17, 0))

        // given a worker that falls asleep in the middle of its second commit
        const argument: FaultyArgument = {
          brokers,
          prefix,
          session_ms: SESSION_MS,
          fault: { version, at, when, nth: 2, signal: 'SIGSTOP' },
        }
        const sleeper = startChild(
          { child: { module, argument: JSON.stringify(argument) } },
          'copy',
          from,
          to,
        )
        await sleeper.said('met its fault')

        // when another has its partitions, and has handled everything
        const consumption = await log.consume({ group: 'g', topics: [from], handle: copyTo(to) })
        await consumption.drained()
        await log.append(numbered(from, 60, 17, 60))
        await consumption.drained()

        // then the sleeper wakes and adds nothing of its own; together they handle what comes
        process.kill(sleeper.pid, 'SIGCONT')
        await log.append(numbered(from, 60, 17, 120))
        await consumption.drained()
        await consumption.stop()
        await log.append(numbered(from, 60, 17, 180))
        const rest = await log.consume({ group: 'g', topics: [from], handle: copyTo(to) })
        await rest.drained()
        await sleeper.kill()
        await rest.stop()
        expect(await textsOf(log, to)).toEqual(await textsOf(log, from))
        await log.close()
      },
    )
  })

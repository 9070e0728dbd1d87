import { afterEach, beforeEach } from 'vitest'
import type { LogTopic } from '../../../../schemas/topics.ts'
import type { EventLog } from '../../../../services/runtime/log/event-log.ts'
import { PARTITIONS, type DriverUnderTest } from '../driver-under-test.ts'

export interface LogUnderTest {
  readonly driver: DriverUnderTest
  /** The first client of the log. */
  readonly log: EventLog
  /** Another client of the same log, closed after the test. */
  client(): Promise<EventLog>
  /** A topic that no other test has. */
  topic(kind?: 'plain' | 'compacted'): LogTopic
}

/** A log of its own for each test of the suite. */
export function logUnderTest(openDriver: () => Promise<DriverUnderTest>): LogUnderTest {
  let driver: DriverUnderTest
  let log: EventLog
  let unique = 0
  const open: EventLog[] = []

  beforeEach(async () => {
    driver = await openDriver()
    log = await client()
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()))
    await driver.close()
  })

  async function client(): Promise<EventLog> {
    const one = await driver.open()
    open.push(one)
    return one
  }

  return {
    get driver() {
      return driver
    },
    get log() {
      return log
    },
    client,
    topic(kind = 'plain') {
      unique++
      const compacted = kind === 'compacted'
      return {
        name: `contract.${unique}.v1`,
        partitions: PARTITIONS,
        retention_ms: compacted ? Infinity : 3_600_000,
        compacted,
      }
    },
  }
}

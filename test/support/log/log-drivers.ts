import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openForChild } from './embedded-log-driver.ts'
import type { DriverUnderTest } from './driver-under-test.ts'
import { hasKafka, kafkaBrokers } from '../kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from './kafka-log-driver.ts'

/** A driver of the event log for `describe.each`: topics of four partitions, nothing in them. */
export interface LogDriver {
  readonly name: string
  readonly skip: boolean
  readonly open: () => Promise<DriverUnderTest>
}

/** Both drivers; Kafka's is skipped where no broker is to be had. */
export function logDrivers(): readonly LogDriver[] {
  return [
    { name: 'embedded', skip: false, open: openEmbedded },
    { name: 'Kafka', skip: !hasKafka(), open: openKafka },
  ]
}

async function openEmbedded(): Promise<DriverUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-log-'))
  return {
    open: () => openForChild(directory),
    child: { module: new URL('embedded-log-driver.ts', import.meta.url).href, argument: directory },
    close: () => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  }
}

async function openKafka(): Promise<DriverUnderTest> {
  const brokers = await kafkaBrokers()
  const prefix = newPrefix()
  return {
    open: () => openTestLog({ brokers, prefix }),
    child: {
      module: new URL('kafka-log-driver.ts', import.meta.url).href,
      argument: JSON.stringify({ brokers, prefix }),
    },
    close: async () => {},
  }
}

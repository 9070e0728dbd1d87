import type { LogTopic } from '../../../schemas/topics.ts'
import type { EventLog, LogRecord } from '../../../services/runtime/log/event-log.ts'

/** The records of each partition of a topic, in the order of the log. */
function recordsByPartition(log: EventLog, topic: LogTopic): Promise<LogRecord[][]> {
  return Promise.all(
    Array.from({ length: log.partitions(topic) }, async (_, partition) => {
      const found: LogRecord[] = []
      for await (const records of log.read(topic, { partition })) found.push(...records)
      return found
    }),
  )
}

/** All records of a topic, partition after partition. */
export async function everything(log: EventLog, topic: LogTopic): Promise<LogRecord[]> {
  return (await recordsByPartition(log, topic)).flat()
}

/** What a topic holds, as text, partition by partition. */
export async function textsOf(log: EventLog, topic: LogTopic): Promise<string[][]> {
  return (await recordsByPartition(log, topic)).map((records) => records.map(({ value }) => textOf(value)))
}

export function textOf(value: Uint8Array | null): string {
  return Buffer.from(value ?? []).toString('utf8')
}

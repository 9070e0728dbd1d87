import type { EventLog } from '../../services/runtime/log/event-log.ts'
import type { LogTopic } from '../../schemas/topics.ts'

/** The values of a topic as text, by partition, in the order of the log. */
export async function partitionValues(log: EventLog, topic: LogTopic): Promise<string[][]> {
  return await Promise.all(
    Array.from({ length: log.partitions(topic) }, async (_, partition) => {
      const values: string[] = []
      for await (const records of log.read(topic, { partition })) {
        for (const { value } of records) values.push(Buffer.from(value ?? []).toString())
      }
      return values
    }),
  )
}

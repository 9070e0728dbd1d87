import type { LogTopic } from '../../schemas/topics.ts'
import type { EventLog, LogRecord } from '../runtime/log/event-log.ts'

/** Every record of the topics that the log holds now, partition by partition; `told` how many of how many. */
export async function* everyRecord(
  eventLog: EventLog,
  topics: readonly LogTopic[],
  told: (done: number, all: number) => void,
): AsyncGenerator<{ topic: LogTopic; partition: number; record: LogRecord }> {
  const lanes: { topic: LogTopic; partition: number; records: number }[] = []
  for (const topic of topics)
    for (const { partition, low, high } of await eventLog.watermarks(topic))
      lanes.push({ topic, partition, records: high - low })
  const all = lanes.reduce((sum, { records }) => sum + records, 0)
  let done = 0
  for (const { topic, partition } of lanes)
    for await (const records of eventLog.read(topic, { partition })) {
      for (const record of records) yield { topic, partition, record }
      told((done += records.length), Math.max(done, all))
    }
}

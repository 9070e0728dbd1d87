import type { LogTopic } from '../../../schemas/topics.ts'
import type { EventLog } from './event-log.ts'

/** Where each partition of a topic ends now, that holds anything: what a group must have committed to have handled all of it. */
export async function endsOf(eventLog: EventLog, topic: LogTopic): Promise<ReadonlyMap<number, number>> {
  const marks = await eventLog.watermarks(topic)
  return new Map(marks.filter(({ low, high }) => high > low).map(({ partition, high }) => [partition, high]))
}

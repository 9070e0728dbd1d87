import { accessDecisions, accessScored } from '../../../schemas/topics.ts'
import type { LogTopic } from '../../../schemas/topics.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { eventually } from '../eventually.ts'

/** A group, and a topic that it reads. */
export type Reading = readonly [group: string, topic: LogTopic]

/** How many records of the topic the group has not committed. */
export async function lagOf(eventLog: EventLog, ...[group, topic]: Reading): Promise<number> {
  const committed = await eventLog.committed(group, topic)
  const marks = await eventLog.watermarks(topic)
  return marks.reduce((sum, { partition, low, high }) => sum + high - (committed.get(partition) ?? low), 0)
}

/** Waits until every group has committed all that its topic holds; by default: all is scored and stored. */
export async function untilCaughtUp(
  eventLog: EventLog,
  readings: readonly Reading[] = [
    ['scoring', accessDecisions],
    ['storage', accessScored],
  ],
): Promise<void> {
  for (const [group, topic] of readings) {
    const what = `${group} has committed all of ${topic.name}`
    await eventually(what, async () => (await lagOf(eventLog, group, topic)) === 0)
  }
}

import type { LogTopic } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { PartitionStates } from '../partition-states.ts'
import { restoreSnapshot } from '../snapshots/read-snapshots.ts'
import type { Stage } from '../worker.ts'
import type { PartitionStart } from './replay-start.ts'
import { replayLimits } from './replay-worker.ts'

/** A stage's states as snapshots have them, by partition. */
export async function restoredStates(
  eventLog: EventLog,
  stage: Stage,
  starts: ReadonlyMap<number, PartitionStart> = new Map(),
): Promise<ReadonlyMap<number, PartitionStates>> {
  const restored = new Map<number, PartitionStates>()
  for (const [partition, { slot }] of starts) {
    const states = new PartitionStates({
      ...replayLimits(stage, eventLog.partitions(stage.input)),
      partition,
    })
    await restoreSnapshot(eventLog, { stage: stage.name, partition, slot }, states)
    states.restored()
    restored.set(partition, states)
  }
  return restored
}

/** First offsets, by partition. */
export function offsetsOf(
  starts: ReadonlyMap<LogTopic, ReadonlyMap<number, PartitionStart>> | undefined,
  input: LogTopic,
): ReadonlyMap<number, number> {
  return new Map([...(starts?.get(input) ?? [])].map(([partition, { offset }]) => [partition, offset]))
}

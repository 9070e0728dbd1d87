import { Checkpoint } from '../../../schemas/checkpoint.ts'
import { integrityCheckpoints } from '../../../schemas/topics.ts'
import { readCheckpointFiles } from './checkpoint-file.ts'
import type { EventLog } from '../log/event-log.ts'
import { parseJson } from '../log/json-record.ts'

/**
 * Reads checkpoints: first those of the files, which may go further back, then
 * those of the log from `cursor` on, which is moved along. Each enforcement
 * point's come in their order. What is no checkpoint is passed over: it can
 * prove nothing, and what it should have proven then lacks.
 */
export async function* readCheckpoints(
  eventLog: EventLog,
  paths: readonly string[],
  cursor: Map<number, number>,
): AsyncIterable<Checkpoint> {
  for (const path of paths) yield* readCheckpointFiles(path)
  for (const { partition, high } of await eventLog.watermarks(integrityCheckpoints)) {
    const from = cursor.get(partition) ?? 0
    if (from >= high) continue
    for await (const records of eventLog.read(integrityCheckpoints, { partition, from, to: high })) {
      for (const record of records) {
        const parsed = parseJson(record)
        const checkpoint = parsed.kind === 'ok' ? Checkpoint.safeParse(parsed.value).data : undefined
        if (checkpoint) yield checkpoint
      }
    }
    cursor.set(partition, high)
  }
}

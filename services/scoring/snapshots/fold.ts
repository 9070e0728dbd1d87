import { scoringSnapshots } from '../../../schemas/topics.ts'
import type { EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import { baseKey, readSnapshotKey } from './snapshot-keys.ts'

const STEP = 500

/**
 * Moves what slots up to one changed into the base, in order: what to write, in
 * steps. Done again from the beginning it gives the same.
 */
export async function* foldInto(
  eventLog: EventLog,
  { stage, partition, slot }: { readonly stage: string; readonly partition: number; readonly slot: number },
): AsyncGenerator<OutRecord[]> {
  for await (const records of eventLog.read(scoringSnapshots, { partition, max_records: STEP })) {
    const outputs: OutRecord[] = []
    for (const { key, value } of records) {
      const read = readSnapshotKey(key)
      if (read?.kind !== 'change' || read.stage !== stage || read.slot > slot || value === null) continue
      const kept = value.length === 0 ? null : new Uint8Array(value)
      outputs.push(
        { topic: scoringSnapshots, key: baseKey(stage, read.key), value: kept, partition },
        { topic: scoringSnapshots, key, value: null, partition },
      )
    }
    if (outputs.length > 0) yield outputs
  }
}

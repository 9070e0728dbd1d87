import { scoringSnapshots } from '../../../schemas/topics.ts'
import type { EventLog, LogRecord, OutRecord } from '../../runtime/log/event-log.ts'
import { baseKey, readSnapshotKey } from './snapshot-keys.ts'

const STEP = 500

interface Place {
  readonly stage: string
  readonly partition: number
  /** All up to this one. */
  readonly slot: number
}

/**
 * Copies into the base what slots changed after the one that it holds already,
 * in order: what to write, in steps. The changes stay until the base is whole and
 * said to be, so a reader who meets it half done puts them on top of it and has
 * the same, and so has the next fold when nobody finishes this one.
 *
 * @param base the slot up to which the base is whole; null: there is none yet.
 *   What is older may still be readable though it was cleared, some of it and not
 *   the rest, as compaction leaves it: it must not come again.
 */
export function foldInto(
  eventLog: EventLog,
  { base, ...place }: Place & { readonly base: number | null },
): AsyncGenerator<OutRecord[]> {
  return ofChanges(eventLog, place, base ?? -Infinity, (key, { value }) => ({
    topic: scoringSnapshots,
    key: baseKey(place.stage, key),
    value: value === null || value.length === 0 ? null : new Uint8Array(value),
    partition: place.partition,
  }))
}

/** Removes the changes up to a slot, all of which the base holds: what to write, in steps. */
export function clearFolded(eventLog: EventLog, place: Place): AsyncGenerator<OutRecord[]> {
  return ofChanges(eventLog, place, -Infinity, (_, { key }) => ({
    topic: scoringSnapshots,
    key,
    value: null,
    partition: place.partition,
  }))
}

async function* ofChanges(
  eventLog: EventLog,
  { stage, partition, slot }: Place,
  after: number,
  outputOf: (key: string, change: LogRecord) => OutRecord,
): AsyncGenerator<OutRecord[]> {
  for await (const records of eventLog.read(scoringSnapshots, { partition, max_records: STEP })) {
    const outputs: OutRecord[] = []
    for (const record of records) {
      const read = readSnapshotKey(record.key)
      if (read?.kind !== 'change' || read.stage !== stage || record.value === null) continue
      if (read.slot > after && read.slot <= slot) outputs.push(outputOf(read.key, record))
    }
    if (outputs.length > 0) yield outputs
  }
}

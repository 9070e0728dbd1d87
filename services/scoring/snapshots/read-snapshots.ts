import { control, scoringSnapshots } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'
import type { SnapshotMark, SnapshotsRecord } from './keeper.ts'
import { readSnapshotKey } from './snapshot-keys.ts'

/** The snapshots that there are, by stage and partition. */
export class Snapshots {
  readonly #byPlace = new Map<string, SnapshotsRecord>()

  static async read(eventLog: EventLog): Promise<Snapshots> {
    const snapshots = new Snapshots()
    const table = await eventLog.openTable(control)
    try {
      await table.caughtUp()
      for (const [, value] of table.entries('')) {
        const record = readRecord(control.schema, { value })
        if (record?.kind === 'snapshots') snapshots.#byPlace.set(placeOf(record), record)
      }
    } finally {
      await table.close()
    }
    return snapshots
  }

  /** The slot up to which the base of a partition holds all changes; before any: -Infinity. */
  baseOf(stage: string, partition: number): number {
    return this.#byPlace.get(placeOf({ stage, partition }))?.base_slot ?? -Infinity
  }

  /** Of one partition, the oldest first. */
  of(stage: string, partition: number): readonly SnapshotMark[] {
    return this.#byPlace.get(placeOf({ stage, partition }))?.marks ?? []
  }
}

/** Takes a record of a changelog in, in its order. */
export interface Restorable {
  restore(key: string, value: Uint8Array | null): void
}

/**
 * Gives a partition's state as a snapshot has it, in the order in which it came
 * about: who changed last is last, as in the changelog itself.
 */
export async function restoreSnapshot(
  eventLog: EventLog,
  { stage, partition, slot }: { readonly stage: string; readonly partition: number; readonly slot: number },
  states: Restorable,
): Promise<void> {
  const based = (await Snapshots.read(eventLog)).baseOf(stage, partition)
  for (const kind of ['base', 'change'] as const) {
    for await (const records of eventLog.read(scoringSnapshots, { partition })) {
      for (const { key, value } of records) {
        const read = readSnapshotKey(key)
        if (read?.kind !== kind || read.stage !== stage) continue
        if (read.kind === 'base') states.restore(read.key, value)
        // What is in the base may be read here too, until compaction has taken it, and would bring back what was before.
        else if (read.slot > based && read.slot <= slot && value !== null)
          states.restore(read.key, value.length === 0 ? null : value)
      }
    }
  }
}

function placeOf({ stage, partition }: { readonly stage: string; readonly partition: number }): string {
  return `${stage}/${partition}`
}

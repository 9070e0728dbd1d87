import { setImmediate } from 'node:timers/promises'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { PartitionStates } from './partition-states.ts'
import { UnreadableState } from './state/form/packed.ts'
import type { Stage } from './worker.ts'

/** Records between two looks at what else there is to do: some 3 ms. */
const STEP = 1000
/** So many keys that can't be read are no accident: the rest is not waited for. */
const MOST_REFUSED = 10_000

export interface RestoreOptions {
  readonly partition: number
  /** Decoded states to keep; see PartitionStates. */
  readonly decoded: number
  readonly seed: number
  /** The partition is another's by now: stop. */
  readonly signal?: AbortSignal
}

/**
 * Reads the state of a partition from the end of its changelog's last commit
 * back to the beginning of what is kept. Lets others have their turn: a million
 * entities take seconds, and the other partitions go on meanwhile.
 *
 * @throws GatewatchError `ERR_STATE_UNREADABLE` for state of a newer version,
 *   damaged state, and a changelog with fewer partitions than its input;
 *   AbortError when `signal` says so.
 */
export async function restoreStates(
  eventLog: EventLog,
  stage: Stage,
  { partition, decoded, seed, signal }: RestoreOptions,
): Promise<PartitionStates> {
  const partitions = eventLog.partitions(stage.input)
  const kept = eventLog.partitions(stage.state)
  if (kept < partitions) {
    throw new GatewatchError(
      'ERR_STATE_UNREADABLE',
      `The topic ${stage.state.name} has ${kept} partitions and ${stage.input.name} has ${partitions}: give it as many.`,
    )
  }
  const { memory } = stage
  const limits = { ...memory, entities: Math.ceil(memory.entities / partitions) }
  const states = new PartitionStates({
    stage: stage.name,
    topic: stage.state,
    partition,
    limits,
    decoded,
    seed,
  })
  /** Newest records that can't be read, by key. */
  const refused = new Map<string, GatewatchError>()
  for await (const records of eventLog.read(stage.state, { partition, max_records: STEP })) {
    signal?.throwIfAborted()
    for (const { offset, key, value } of records) {
      try {
        states.restore(key, value)
        if (refused.size > 0) refused.delete(key)
      } catch (error) {
        if (!(error instanceof UnreadableState)) throw error
        // A later record may replace it: only what is newest counts.
        refused.set(key, unreadable(stage, partition, offset, error))
      }
    }
    if (refused.size > MOST_REFUSED) break
    await setImmediate()
  }
  signal?.throwIfAborted()
  for (const refusal of refused.values()) throw refusal
  states.restored()
  return states
}

function unreadable(stage: Stage, partition: number, offset: number, cause: UnreadableState): GatewatchError {
  return new GatewatchError(
    'ERR_STATE_UNREADABLE',
    `${stage.state.name}, partition ${partition}, offset ${offset}: ${cause.message}; nothing of the partition is scored until the version that wrote it runs, or a backup is restored.`,
    { cause },
  )
}

import type { Finding } from '../../../schemas/finding.ts'
import type { OutRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
import type { ReadingsOf } from '../calibration/reading.ts'
import { PartitionStates, type PartitionStatesOptions } from '../partition-states.ts'
import type { Stage } from '../worker.ts'

/** What a single worker gives for a log, in its order. */
export interface Replayed {
  /** Every revision of every finding. */
  readonly findings: Finding[]
  /** All records that the stage would have written, changelog included. */
  readonly outputs: OutRecord[]
}

/** Scores one part after the other, each with the state that those before it left. */
export type ReplayWorker = (part: PartitionRecords, readingsOf?: ReadingsOf) => Replayed

const DECODED = 10_000
const SEED = 1

/**
 * A worker that has all partitions, and whose commits never fail.
 *
 * @param restored state to begin with, by partition; default none
 */
export function replayWorker(
  stage: Stage,
  partitions: number,
  restored: ReadonlyMap<number, PartitionStates> = new Map(),
): ReplayWorker {
  const byPartition = new Map(restored)
  const options = replayLimits(stage, partitions)
  return (part, readingsOf) => {
    let states = byPartition.get(part.partition)
    if (states === undefined) {
      states = new PartitionStates({ ...options, partition: part.partition })
      byPartition.set(part.partition, states)
    }
    const { outputs, tally } = stage.process(part, states, readingsOf)
    states.commit()
    return { outputs, findings: tally.findings }
  }
}

/** What a partition of a stage remembers in a replay: as much as live. */
export function replayLimits(stage: Stage, partitions: number): Omit<PartitionStatesOptions, 'partition'> {
  const { memory } = stage
  const limits = { ...memory, entities: Math.ceil(memory.entities / partitions) }
  return { stage: stage.name, topic: stage.state, limits, decoded: DECODED, seed: SEED }
}

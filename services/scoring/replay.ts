import type { Finding } from '../../schemas/finding.ts'
import { accessFindings } from '../../schemas/topics.ts'
import type { EventLog, OutRecord, PartitionRecords } from '../runtime/log/event-log.ts'
import { PartitionStates } from './partition-states.ts'
import type { Stage } from './worker.ts'

/** What a single worker gives for a log, in its order. */
export interface Replayed {
  /** Every revision of every finding. */
  readonly findings: Finding[]
  /** All records that the stage would have written, changelog included. */
  readonly outputs: OutRecord[]
}

/**
 * Runs a stage over records that are there already, with state of its own: pure,
 * but for what `stage` looks up. The yardstick of crash tests, and what tests
 * of detectors play their stories through.
 */
export function replay(stage: Stage, parts: Iterable<PartitionRecords>, partitions = 1): Replayed {
  const replayed: Replayed = { findings: [], outputs: [] }
  const worker = replayWorker(stage, partitions)
  for (const part of parts) {
    const { outputs, findings } = worker(part)
    for (const record of outputs) replayed.outputs.push(record)
    replayed.findings.push(...findings)
  }
  return replayed
}

/**
 * Replays both stages over a log from its beginning, a partition after the
 * other: decisions through the first, and the slim records, in the order that
 * the log gave them, through the second. That order is part of the log: slim
 * records of several partitions of decisions meet in one, and no rule says
 * which comes first.
 *
 * `told` hears of every record that the stages write, changelog included; it is
 * not kept. Throws RangeError when retention has cut the beginning off: state
 * from nowhere would give other findings.
 */
export async function replayDecisions(
  eventLog: EventLog,
  stages: { readonly subject: Stage; readonly source: Stage },
  told: (record: OutRecord) => void = () => {},
): Promise<{ readonly findings: Finding[] }> {
  const findings: Finding[] = []
  for (const stage of [stages.subject, stages.source]) {
    const worker = replayWorker(stage, eventLog.partitions(stage.input))
    for await (const part of readWhole(eventLog, stage.input)) {
      const done = worker(part)
      findings.push(...done.findings)
      for (const record of done.outputs) told(record)
    }
  }
  return { findings }
}

/** The findings that are in a log, every revision, by partition. */
export async function loggedFindings(eventLog: EventLog): Promise<Finding[]> {
  const findings: Finding[] = []
  for await (const part of readWhole(eventLog, accessFindings)) {
    for (const { value } of part.records) {
      if (value !== null)
        findings.push(accessFindings.schema.parse(JSON.parse(new TextDecoder().decode(value))))
    }
  }
  return findings
}

const REPLAY_DECODED = 10_000
const SEED = 1

/** A worker that has all partitions, and whose commits never fail. */
function replayWorker(stage: Stage, partitions: number): (part: PartitionRecords) => Replayed {
  const byPartition = new Map<number, PartitionStates>()
  const { memory } = stage
  const limits = { ...memory, entities: Math.ceil(memory.entities / partitions) }
  const options = { stage: stage.name, topic: stage.state, limits, decoded: REPLAY_DECODED, seed: SEED }
  return (part) => {
    let states = byPartition.get(part.partition)
    if (states === undefined) {
      states = new PartitionStates({ ...options, partition: part.partition })
      byPartition.set(part.partition, states)
    }
    const { outputs, tally } = stage.process(part, states)
    states.commit()
    return { outputs, findings: tally.findings }
  }
}

async function* readWhole(
  eventLog: EventLog,
  topic: PartitionRecords['topic'],
): AsyncIterable<PartitionRecords> {
  for (const { partition, low } of await eventLog.watermarks(topic)) {
    if (low > 0)
      throw new RangeError(`${topic.name}/${partition} begins at ${low}: it can't be replayed from the start`)
    for await (const records of eventLog.read(topic, { partition })) {
      const [head] = records
      const tail = records.at(-1)
      if (head === undefined || tail === undefined) continue
      yield { topic, partition, records, first_offset: head.offset, last_offset: tail.offset }
    }
  }
}

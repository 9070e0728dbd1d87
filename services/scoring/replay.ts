import type { Finding } from '../../schemas/finding.ts'
import { accessFindings, type LogTopic } from '../../schemas/topics.ts'
import type { EventLog, LogRecord, OutRecord, PartitionRecords } from '../runtime/log/event-log.ts'
import { calibrationAtOnce } from './calibration/at-once.ts'
import type { Evenness } from './calibration/places.ts'
import { readingHistory } from './calibration/history.ts'
import type { ReadingsOf } from './calibration/reading.ts'
import { PartitionStates } from './partition-states.ts'
import { readWhole } from './read-whole.ts'
import type { Stage } from './worker.ts'

/** All stages: the first, and those that read what it writes. */
export interface Stages {
  readonly subject: Stage
  readonly source: Stage
  readonly policy: Stage
}

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
 * Both stages as one step over decisions in the order in which they come, with
 * state of its own, as a deployment with one partition has them: what a batch
 * writes for the second stage goes through it before the next batch. Gives the
 * revisions of findings in order; where batches are cut matters only for when a
 * calibration is taken up.
 *
 * @param budget findings a day of one tenant, at most
 */
export function replayInOrder(
  { subject, source, policy }: Stages,
  budget: number,
): {
  readonly step: (records: readonly LogRecord[]) => readonly Finding[]
  /** How even the places of new scores among the old ones are, by detector. */
  readonly evenness: () => readonly Evenness[]
} {
  const calibration = calibrationAtOnce(subject.detectors, budget)
  const first = replayWorker(subject, 1)
  const others = [source, policy].map((stage) => ({ stage, worker: replayWorker(stage, 1), offset: 0 }))
  const encoder = new TextEncoder()
  const step = (records: readonly LogRecord[]): readonly Finding[] => {
    const scored = first(partOf(subject.input, records), calibration.readingsOf)
    calibration.take(scored.outputs)
    const findings = [...scored.findings]
    for (const each of others) {
      const slim: LogRecord[] = []
      for (const { topic, key, value } of scored.outputs) {
        if (topic !== each.stage.input || typeof value !== 'string') continue
        const appended_ms = records.at(-1)?.appended_ms ?? 0
        slim.push({ offset: each.offset, key, value: encoder.encode(value), headers: {}, appended_ms })
        each.offset += 1
      }
      const done = each.worker(partOf(each.stage.input, slim))
      calibration.take(done.outputs)
      for (const finding of done.findings) findings.push(finding)
    }
    return findings
  }
  return { step, evenness: () => calibration.evenness() }
}

function partOf(topic: LogTopic, records: readonly LogRecord[]): PartitionRecords {
  return {
    topic,
    partition: 0,
    records,
    first_offset: records[0]?.offset ?? 0,
    last_offset: records.at(-1)?.offset ?? 0,
  }
}

export interface ReplayOptions {
  /** Hears of every record that the stages write, changelog included; nothing of it is kept. */
  readonly told?: (record: OutRecord) => void
  /** Offset after the last record to replay, by partition of a topic; default all that is there. */
  readonly until?: ReadonlyMap<LogTopic, ReadonlyMap<number, number>>
}

/**
 * Replays both stages over a log from its beginning, a partition after the
 * other: decisions through the first, and the slim records, in the order that
 * the log gave them, through the second, each read with the calibration that the
 * worker took up. That order is part of the log: slim records of several
 * partitions of decisions meet in one, and no rule says which comes first.
 *
 * @throws GatewatchError `ERR_REPLAY_CUT` when retention has cut the beginning
 *   off: state from nowhere would give other findings.
 */
export async function replayDecisions(
  eventLog: EventLog,
  stages: Stages,
  { told = () => {}, until }: ReplayOptions = {},
): Promise<{ readonly findings: Finding[]; readonly records: number }> {
  const findings: Finding[] = []
  let records = 0
  for (const stage of [stages.subject, stages.source, stages.policy]) {
    const worker = replayWorker(stage, eventLog.partitions(stage.input))
    const history = await readingHistory(eventLog, stage.name, stage.detectors)
    for await (const batch of readWhole(eventLog, stage.input, until?.get(stage.input))) {
      records += batch.records.length
      for (const { part, readingsOf } of history.cut(batch)) {
        const done = worker(part, readingsOf)
        findings.push(...done.findings)
        for (const record of done.outputs) told(record)
      }
    }
  }
  return { findings, records }
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
function replayWorker(
  stage: Stage,
  partitions: number,
): (part: PartitionRecords, readingsOf?: ReadingsOf) => Replayed {
  const byPartition = new Map<number, PartitionStates>()
  const { memory } = stage
  const limits = { ...memory, entities: Math.ceil(memory.entities / partitions) }
  const options = { stage: stage.name, topic: stage.state, limits, decoded: REPLAY_DECODED, seed: SEED }
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

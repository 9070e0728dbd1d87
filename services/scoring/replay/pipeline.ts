import type { Finding } from '../../../schemas/finding.ts'
import { accessScored, type LogTopic } from '../../../schemas/topics.ts'
import type { LogRecord, OutRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
import { partitionOf } from '../../runtime/log/partitioner.ts'
import { calibrationAtOnce, type StageReadings } from '../calibration/at-once.ts'
import type { Evenness } from '../calibration/places.ts'
import type { PartitionStates } from '../partition-states.ts'
import type { Stages } from '../replay.ts'
import { playRecords, type PlayRulesOptions } from '../rules/play-rules.ts'
import type { Stage } from '../worker.ts'
import { replayWorker } from './replay-worker.ts'

export interface PipelineOptions {
  readonly stages: Stages
  /** Findings a day of one tenant, at most. */
  readonly budget: number
  /** The operator's rules; their findings count against the budget. */
  readonly rules?: PlayRulesOptions | undefined
  /** Partitions of a stage's input; default one. */
  readonly partitions?: (topic: LogTopic) => number
  /** State to begin with, by stage and partition. */
  readonly restored?: ReadonlyMap<Stage, ReadonlyMap<number, PartitionStates>> | undefined
}

export interface Pipeline {
  /**
   * All that follows from decisions of one partition, through every stage.
   *
   * @param readings how scores are read; default as what was scored here before calibrates them
   */
  readonly step: (part: PartitionRecords, readings?: StageReadings) => Stepped
  /** Takes a verdict, which teaches, as the log has it. */
  readonly judged: (verdict: Pick<LogRecord, 'value'>) => void
  /** How even the places of new scores among the old ones are, by detector. */
  readonly evenness: () => readonly Evenness[]
}

export interface Stepped {
  /** Revisions of findings, in order. */
  readonly findings: readonly Finding[]
  /** Slim records and scored decisions that were handled beside the decisions. */
  readonly records: number
}

/**
 * All stages, rules and calibration as one step over decisions in the order in
 * which they come: what a batch writes for a later stage goes through it before
 * the next batch. For what was never in a log, and for a configuration that the
 * log was not written with. Where batches are cut matters only for when a
 * calibration is taken up.
 */
export function openPipeline({
  stages,
  budget,
  rules,
  partitions = () => 1,
  restored,
}: PipelineOptions): Pipeline {
  const { subject, source, policy } = stages
  const calibration = calibrationAtOnce({ subject: subject.detectors, source: source.detectors }, budget)
  const workerOf = (stage: Stage) => replayWorker(stage, partitions(stage.input), restored?.get(stage))
  const first = workerOf(subject)
  const others = [source, policy].map((stage) => ({ stage, worker: workerOf(stage), offset: 0 }))
  const play = rules === undefined ? undefined : playRecords(rules)
  return {
    step(part, readings = calibration.readings) {
      const scored = first(part, readings.subject)
      calibration.take(scored.outputs)
      const findings = [...scored.findings]
      let records = 0
      const tell = (outputs: readonly OutRecord[], found: readonly Finding[]): void => {
        calibration.take(outputs)
        for (const finding of found) findings.push(finding)
      }
      for (const each of others) {
        const slim = scored.outputs.filter(({ topic }) => topic === each.stage.input)
        records += slim.length
        for (const lane of lanesOf(each.stage.input, slim, partitions(each.stage.input), each.offset, part)) {
          const done = each.worker(lane, each.stage === source ? readings.source : undefined)
          tell(done.outputs, done.findings)
        }
        each.offset += slim.length
      }
      if (play !== undefined) {
        const own = scored.outputs.filter(({ topic }) => topic === accessScored)
        records += own.length
        const played = play(own)
        tell(played.outputs, played.findings)
      }
      return { findings, records }
    },
    judged: (verdict) => calibration.judged(verdict),
    evenness: () => calibration.evenness(),
  }
}

const encoder = new TextEncoder()

/** Records as their topic would hold them, by partition. */
function lanesOf(
  topic: LogTopic,
  records: readonly OutRecord[],
  partitions: number,
  from: number,
  { records: causes }: PartitionRecords,
): PartitionRecords[] {
  const appended_ms = causes.at(-1)?.appended_ms ?? 0
  const lanes = new Map<number, LogRecord[]>()
  for (const [index, { key, value, headers = {} }] of records.entries()) {
    const partition = partitionOf(key, partitions)
    const lane = lanes.get(partition) ?? []
    lanes.set(partition, lane)
    const bytes = typeof value === 'string' ? encoder.encode(value) : value
    lane.push({ offset: from + index, key, value: bytes, headers, appended_ms })
  }
  return [...lanes].map(([partition, lane]) => ({
    topic,
    partition,
    records: lane,
    first_offset: lane[0]?.offset ?? from,
    last_offset: lane.at(-1)?.offset ?? from,
  }))
}

import type { Finding } from '../../schemas/finding.ts'
import { accessScored, type LogTopic } from '../../schemas/topics.ts'
import type { EventLog, OutRecord, PartitionRecords } from '../runtime/log/event-log.ts'
import { readingHistory } from './calibration/history.ts'
import type { CalibratedSource } from './calibration/calibrated.ts'
import { readWhole } from './read-whole.ts'
import type { ReplayStart } from './replay/replay-start.ts'
import { offsetsOf, restoredStates } from './replay/restored-states.ts'
import { replayWorker, type Replayed } from './replay/replay-worker.ts'
import type { StoredEnrichment } from './replay/stored-enrichment.ts'
import type { Stage } from './worker.ts'

/** All stages: the first, and those that read what it writes. */
export interface Stages {
  readonly subject: Stage
  readonly source: Stage<CalibratedSource>
  readonly policy: Stage
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

export interface ReplayOptions {
  /** Hears of every record that the stages write, changelog included; nothing of it is kept. */
  readonly told?: (record: OutRecord) => void
  /** Offset after the last record to replay, by partition of a topic; default all that is there. */
  readonly until?: ReadonlyMap<LogTopic, ReadonlyMap<number, number>>
  /** Where to begin, and with which state; default the very beginning. */
  readonly start?: ReplayStart | undefined
  /** What `stages` takes the facts from: told of each part before it is scored. */
  readonly stored?: StoredEnrichment | undefined
  /** Hears of every part that is done: how many records it had. */
  readonly progress?: ((records: number) => void) | undefined
}

/** What a replay of the log gives. */
export interface LogReplayed {
  readonly findings: Finding[]
  readonly records: number
  /** Decisions whose facts are not in the log any more, and were looked up again. */
  readonly looked_up: number
}

/**
 * Replays all stages over a log from its beginning, or from snapshots of their
 * state on, a partition after the other: decisions through the first, and the slim records, in the order that
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
  { told = () => {}, until, start, stored, progress = () => {} }: ReplayOptions = {},
): Promise<LogReplayed> {
  const findings: Finding[] = []
  let [records, lookedUp] = [0, 0]
  for (const stage of [stages.subject, stages.source, stages.policy]) {
    const restored = await restoredStates(eventLog, stage, start?.starts.get(stage.input))
    const worker = replayWorker(stage, eventLog.partitions(stage.input), restored)
    const bounds = { until: until?.get(stage.input), from: offsetsOf(start?.starts, stage.input) }
    const history = await readingHistory(eventLog, stage.name, stage.detectors)
    for await (const batch of readWhole(eventLog, stage.input, bounds)) {
      records += batch.records.length
      if (stage === stages.subject) await stored?.load(batch)
      for (const { part, readingsOf } of history.cut(batch)) {
        const done = worker(part, readingsOf)
        for (const finding of done.findings) findings.push(finding)
        for (const record of done.outputs) {
          if (record.topic === accessScored && stored?.looked(record.headers?.['ce_id'] ?? '') === true)
            lookedUp += 1
          told(record)
        }
      }
      progress(batch.records.length)
    }
  }
  return { findings, records, looked_up: lookedUp }
}

import type { Finding } from '../../../schemas/finding.ts'
import { accessDecisions, analystVerdicts, type LogTopic } from '../../../schemas/topics.ts'
import type { EventLog, LogRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
import type { StageReadings } from '../calibration/at-once.ts'
import { readingHistory, type ReadingHistory } from '../calibration/history.ts'
import { readLanes } from '../read-whole.ts'
import type { Stages } from '../replay.ts'
import type { PartitionStates } from '../partition-states.ts'
import type { Stage } from '../worker.ts'
import type { ReplayStart } from './replay-start.ts'
import { offsetsOf, restoredStates } from './restored-states.ts'
import type { PlayRulesOptions } from '../rules/play-rules.ts'
import { openPipeline } from './pipeline.ts'
import { readMerged } from './read-merged.ts'
import type { StoredEnrichment } from './stored-enrichment.ts'

export interface CandidateOptions {
  readonly stages: Stages
  /** Findings a day of one tenant, at most: calibrated by what is scored here. Undefined: as the log says that scores were read. */
  readonly budget: number | undefined
  readonly rules: PlayRulesOptions | undefined
  /** Told of each part before it is scored. */
  readonly stored: StoredEnrichment
  /** Offset after the last decision to replay, by partition; default all that is there. */
  readonly until?: ReadonlyMap<number, number> | undefined
  /** Where to begin, and with which state; default the very beginning. */
  readonly start?: ReplayStart | undefined
  /** Hears of every part that is done: how many decisions it had. */
  readonly progress?: ((records: number) => void) | undefined
}

/**
 * What a configuration that the log was not written with would have found: all
 * stages and rules over the logged decisions. Later stages read what this run
 * writes, not what the log holds. With another budget it calibrates itself, with
 * the verdicts of the log.
 *
 * @throws GatewatchError `ERR_REPLAY_CUT` when retention has cut the beginning off
 */
export async function replayCandidate(
  eventLog: EventLog,
  { stages, budget, rules, stored, until, start, progress = () => {} }: CandidateOptions,
): Promise<{ readonly findings: Finding[]; readonly records: number }> {
  const partitions = (topic: LogTopic): number => eventLog.partitions(topic)
  const { subject, source } = stages
  const restored = new Map<Stage, ReadonlyMap<number, PartitionStates>>()
  for (const stage of [subject, source, stages.policy])
    restored.set(stage, await restoredStates(eventLog, stage, start?.starts.get(stage.input)))
  const { step, judged } = openPipeline({ stages, budget: budget ?? 0, rules, partitions, restored })
  const histories =
    budget === undefined
      ? {
          subject: await readingHistory(eventLog, subject.name, subject.detectors),
          source: await readingHistory(eventLog, source.name, source.detectors),
        }
      : undefined
  const verdicts = await verdictsOf(eventLog)
  const bounds = { until, from: offsetsOf(start?.starts, accessDecisions) }
  const findings: Finding[] = []
  let [records, given] = [0, 0]
  for await (const part of readMerged(await readLanes(eventLog, accessDecisions, bounds))) {
    await stored.load(part)
    const beginsMs = part.records[0]?.appended_ms ?? 0
    for (
      let next = verdicts[given];
      next !== undefined && next.appended_ms <= beginsMs;
      next = verdicts[++given]
    )
      judged(next)
    for (const piece of piecesOf(part, histories)) {
      const done = step(piece.part, piece.readings)
      for (const finding of done.findings) findings.push(finding)
      records += piece.part.records.length + done.records
    }
    progress(part.records.length)
  }
  return { findings, records }
}

interface Piece {
  readonly part: PartitionRecords
  readonly readings?: StageReadings
}

/** A batch as the log says that it was read: the stage of sources with the calibration that its decisions were, since its own records are others here. */
function piecesOf(
  part: PartitionRecords,
  histories: Readonly<Record<'subject' | 'source', ReadingHistory>> | undefined,
): readonly Piece[] {
  if (histories === undefined) return [{ part }]
  return histories.subject.cut(part).map((piece) => ({
    part: piece.part,
    readings: {
      subject: piece.readingsOf,
      source: (tenant) => histories.source.readingsOf(tenant, piece.readingsOf(tenant).version),
    },
  }))
}

/** In the order in which the log took them: a person gives them, so they are few. */
async function verdictsOf(eventLog: EventLog): Promise<LogRecord[]> {
  const verdicts: LogRecord[] = []
  for (const { partition } of await eventLog.watermarks(analystVerdicts))
    for await (const records of eventLog.read(analystVerdicts, { partition }))
      for (const record of records)
        verdicts.push({ ...record, value: record.value === null ? null : Buffer.from(record.value) })
  return verdicts.sort((a, b) => a.appended_ms - b.appended_ms)
}

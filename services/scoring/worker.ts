import type { Activity } from '../../schemas/activity.ts'
import type { Decision } from '../../schemas/decision.ts'
import type { Finding } from '../../schemas/finding.ts'
import { accessActivity, accessDecisions, type LogTopic } from '../../schemas/topics.ts'
import type { LogRecord, OutRecord, PartitionRecords } from '../runtime/log/event-log.ts'
import { deadLetterRecord } from '../runtime/log/json-record.ts'
import type { Outcome } from '../runtime/outcome.ts'
import type { Enrich } from './enrich/enrich.ts'
import { readActivity, readDecision } from './parse.ts'
import { scoreActivity, SOURCE_STAGE, sourceBench } from './source-stage.ts'
import type { StagedStates } from './staged-states.ts'
import { findingRecord, scoreDecision, SUBJECT_STAGE, subjectBench, subjectOutputs } from './subject-stage.ts'

/** What became of the records of a batch. */
export interface Tally {
  ok: number
  repeat: number
  late: number
  readonly dead: Map<string, number>
  readonly findings: Finding[]
}

/**
 * One stage as a pure step: records of one partition in, records out. It
 * stages its changes of state; whoever calls it settles or discards them.
 */
export interface Stage {
  readonly name: string
  readonly input: LogTopic
  /** Equal for equal records and equal state, byte for byte. */
  process(part: PartitionRecords, states: StagedStates): { outputs: OutRecord[]; tally: Tally }
}

/** Keyed by subject: decisions to scored decisions, slim records and findings. */
export function subjectStage(enrich: Enrich, bench = subjectBench()): Stage {
  return stage<Decision>(
    SUBJECT_STAGE,
    accessDecisions,
    readDecision,
    (decision, partition, states, tally) => {
      const result = scoreDecision(bench, states, partition, decision, enrich(decision))
      if (result === null) return null
      if (result.late) tally.late += 1
      tally.findings.push(...result.findings)
      return subjectOutputs(result)
    },
  )
}

/** Keyed by network prefix: slim records to findings. */
export function sourceStage(bench = sourceBench()): Stage {
  return stage<Activity>(SOURCE_STAGE, accessActivity, readActivity, (activity, partition, states, tally) => {
    const findings = scoreActivity(bench, states, partition, activity)
    if (findings === undefined) return null
    tally.findings.push(...findings)
    return findings.map(findingRecord)
  })
}

function stage<T>(
  name: string,
  input: LogTopic,
  read: (record: LogRecord) => Outcome<T>,
  score: (value: T, partition: number, states: StagedStates, tally: Tally) => OutRecord[] | null,
): Stage {
  return {
    name,
    input,
    process({ partition, records }, states) {
      const tally: Tally = { ok: 0, repeat: 0, late: 0, dead: new Map(), findings: [] }
      const outputs: OutRecord[] = []
      for (const record of records) {
        const outcome = read(record)
        if (outcome.kind !== 'ok') {
          const detail = outcome.kind === 'dead-letter' ? outcome.detail : ''
          outputs.push(deadLetterRecord(input, partition, record, { reason: outcome.reason, detail }))
          tally.dead.set(outcome.reason, (tally.dead.get(outcome.reason) ?? 0) + 1)
          continue
        }
        const written = score(outcome.value, partition, states, tally)
        if (written === null) tally.repeat += 1
        else {
          tally.ok += 1
          for (const each of written) outputs.push(each)
        }
      }
      outputs.push(...states.changes(partition))
      return { outputs, tally }
    },
  }
}

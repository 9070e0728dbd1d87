import type { Activity } from '../../schemas/activity.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { PolicyEffect } from '../../schemas/policy-effect.ts'
import {
  accessActivity,
  accessDecisions,
  policyEffects,
  scoringPolicyState,
  scoringSourceState,
  scoringState,
  type LogTopic,
} from '../../schemas/topics.ts'
import type { LogRecord, OutRecord, PartitionRecords } from '../runtime/log/event-log.ts'
import { deadLetterRecord } from '../runtime/log/json-record.ts'
import type { Outcome } from '../runtime/outcome.ts'
import type { Calibrated, CalibratedSource } from './calibration/calibrated.ts'
import type { ReadingsOf } from './calibration/reading.ts'
import type { Enrich } from './enrich/enrich.ts'
import { POLICY_STAGE, takePolicyEffect } from './intent/policy-stage.ts'
import { readActivity, readPolicyEffect, readWholeDecision } from './parse.ts'
import type { PartitionStates } from './partition-states.ts'
import { ScoredRecords } from './scored-records.ts'
import type { StateLimits } from './state/store/roll.ts'
import { endingAt } from './snapshots/snapshot-keys.ts'
import { scoreActivity, SOURCE_STAGE, sourceBenches, sourceDetectors, sourceOutputs } from './source-stage.ts'
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
export interface Stage<Known extends Calibrated = Calibrated> {
  readonly name: string
  readonly input: LogTopic
  readonly detectors: readonly Known[]
  /** Its changelog, with as many partitions as the input at least. */
  readonly state: LogTopic
  /** How much it remembers, over all partitions. */
  readonly memory: StateLimits
  /** Equal for equal records, equal state and equal readings, byte for byte. */
  process(part: PartitionRecords, states: PartitionStates, readingsOf?: ReadingsOf): Processed
  /** The same, with a stop after some records each time, for whoever has more to do than this. */
  steps(part: PartitionRecords, states: PartitionStates, readingsOf?: ReadingsOf): Generator<void, Processed>
}

export interface Processed {
  readonly outputs: OutRecord[]
  readonly tally: Tally
}

/** Some twenty milliseconds of scoring. */
const STEP_RECORDS = 200

const DAY_HOURS = 24

/** Two half-lives of a habit: what would be left of one is a quarter. */
export const SUBJECT_MEMORY: StateLimits = {
  entities: 1_000_000,
  idle_hours: 90 * DAY_HOURS,
  stranger_idle_hours: 7 * DAY_HOURS,
}

/**
 * Of what a network did, half is left after half an hour; who uses a device, and
 * how often a client's users mistype, is known for as long as a subject's habits.
 */
export const SOURCE_MEMORY: StateLimits = {
  entities: 1_000_000,
  idle_hours: 90 * DAY_HOURS,
  stranger_idle_hours: 2 * DAY_HOURS,
}

/** A few kilobytes each; what a revision did a quarter ago helps nobody. */
const POLICY_MEMORY: StateLimits = {
  entities: 20_000,
  idle_hours: 90 * DAY_HOURS,
  stranger_idle_hours: 90 * DAY_HOURS,
}

/** Keyed by subject: decisions to scored decisions, slim records and findings. */
export function subjectStage(enrich: Enrich, memory = SUBJECT_MEMORY): Stage {
  const bench = subjectBench()
  const written = new ScoredRecords()
  const steps: Stage['steps'] = (part, states, readingsOf) =>
    stepsOf(part, states, readWholeDecision, ({ decision, bytes }, key, tally) => {
      const result = scoreDecision(bench, states, key, decision, enrich(decision), readingsOf)
      if (result === null) return null
      if (result.late) tally.late += 1
      tally.findings.push(...result.findings)
      return subjectOutputs(result, written.record(key, result.scored, bytes))
    })
  return {
    name: SUBJECT_STAGE,
    input: accessDecisions,
    detectors: bench.detectors,
    state: scoringState,
    memory,
    steps,
    process: (...batch) => atOnce(steps(...batch)),
  }
}

/** Keyed by what many subjects may come from, a network, its provider, a client or a device: slim records to findings. */
export function sourceStage(memory = SOURCE_MEMORY): Stage<CalibratedSource> {
  const benches = sourceBenches()
  const steps: Stage['steps'] = (part, states, readingsOf) =>
    stepsOf(part, states, readActivity, (activity: Activity, key, tally) => {
      const result = scoreActivity(benches, states, key, activity, readingsOf)
      if (result === undefined) return null
      tally.findings.push(...result.findings)
      return sourceOutputs(activity, result)
    })
  return {
    name: SOURCE_STAGE,
    input: accessActivity,
    detectors: sourceDetectors(),
    state: scoringSourceState,
    memory,
    steps,
    process: (...batch) => atOnce(steps(...batch)),
  }
}

/** Keyed by place of a policy: what revisions did to people, to findings about revisions. */
export function policyStage(memory = POLICY_MEMORY): Stage {
  const steps: Stage['steps'] = (part, states) =>
    stepsOf(part, states, readPolicyEffect, (effect: PolicyEffect, key, tally) => {
      const findings = takePolicyEffect(states, key, effect)
      if (findings === undefined) return null
      tally.findings.push(...findings)
      return findings.map(findingRecord)
    })
  return {
    name: POLICY_STAGE,
    input: policyEffects,
    detectors: [],
    state: scoringPolicyState,
    memory,
    steps,
    process: (...batch) => atOnce(steps(...batch)),
  }
}

/** All steps, one after the other. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

function* stepsOf<T>(
  { topic, partition, records, last_offset }: PartitionRecords,
  states: PartitionStates,
  read: (record: LogRecord) => Outcome<T>,
  score: (value: T, key: string, tally: Tally) => OutRecord[] | null,
): Generator<void, Processed> {
  const tally: Tally = { ok: 0, repeat: 0, late: 0, dead: new Map(), findings: [] }
  const outputs: OutRecord[] = []
  for (const [index, record] of records.entries()) {
    if (index > 0 && index % STEP_RECORDS === 0) yield
    const outcome = read(record)
    if (outcome.kind !== 'ok') {
      const detail = outcome.kind === 'dead-letter' ? outcome.detail : ''
      outputs.push(deadLetterRecord(topic, partition, record, { reason: outcome.reason, detail }))
      tally.dead.set(outcome.reason, (tally.dead.get(outcome.reason) ?? 0) + 1)
      continue
    }
    const written = score(outcome.value, record.key, tally)
    if (written === null) tally.repeat += 1
    else {
      tally.ok += 1
      for (const each of written) outputs.push(each)
    }
  }
  for (const change of endingAt(states.changes(), last_offset + 1)) outputs.push(change)
  return { outputs, tally }
}

import type { Finding } from '../../schemas/finding.ts'
import {
  accessActivity,
  accessDecisions,
  accessFindings,
  accessScored,
  scoringState,
} from '../../schemas/topics.ts'
import type { EventLog, OutRecord, PartitionRecords } from '../runtime/log/event-log.ts'
import { StagedStates } from './staged-states.ts'
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
export function replay(stage: Stage, parts: Iterable<PartitionRecords>): Replayed {
  const stored = new Map<string, Uint8Array>()
  const states = new StagedStates(stage.name, (key) => stored.get(key), REPLAY_ENTITIES)
  const outputs: OutRecord[] = []
  const findings: Finding[] = []
  for (const part of parts) {
    const done = stage.process(part, states)
    for (const record of done.outputs) {
      if (record.topic === scoringState && record.value instanceof Uint8Array)
        stored.set(record.key, record.value)
      outputs.push(record)
    }
    findings.push(...done.tally.findings)
    states.settle()
  }
  return { findings, outputs }
}

/**
 * Replays both stages over a log from its beginning: decisions through the
 * first, and the slim records, in the order that the log gave them, through the
 * second. Throws RangeError when retention has cut the beginning off: state
 * from nowhere would give other findings.
 */
export async function replayDecisions(
  eventLog: EventLog,
  stages: { readonly subject: Stage; readonly source: Stage },
): Promise<{ readonly scored: OutRecord[]; readonly activity: OutRecord[]; readonly findings: Finding[] }> {
  const first = replay(stages.subject, await readWhole(eventLog, accessDecisions))
  const second = replay(stages.source, await readWhole(eventLog, accessActivity))
  return {
    scored: first.outputs.filter((record) => record.topic === accessScored),
    activity: first.outputs.filter((record) => record.topic === accessActivity),
    findings: [...first.findings, ...second.findings],
  }
}

/** The findings that are in a log, every revision, by partition. */
export async function loggedFindings(eventLog: EventLog): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const part of await readWhole(eventLog, accessFindings)) {
    for (const { value } of part.records) {
      if (value !== null)
        findings.push(accessFindings.schema.parse(JSON.parse(new TextDecoder().decode(value))))
    }
  }
  return findings
}

const REPLAY_ENTITIES = 10_000

async function readWhole(eventLog: EventLog, topic: PartitionRecords['topic']): Promise<PartitionRecords[]> {
  const parts: PartitionRecords[] = []
  for (const { partition, low } of await eventLog.watermarks(topic)) {
    if (low > 0)
      throw new RangeError(`${topic.name}/${partition} begins at ${low}: it can't be replayed from the start`)
    for await (const records of eventLog.read(topic, { partition })) {
      // Copied field by field: a driver may work its fields out when they are asked for.
      const kept = records.map(({ offset, key, value, headers, appended_ms }) => ({
        offset,
        key,
        value: value === null ? null : value.slice(),
        headers,
        appended_ms,
      }))
      const [head] = kept
      const tail = kept.at(-1)
      if (head === undefined || tail === undefined) continue
      parts.push({ topic, partition, records: kept, first_offset: head.offset, last_offset: tail.offset })
    }
  }
  return parts
}

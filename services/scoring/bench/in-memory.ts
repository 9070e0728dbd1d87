import { entityKey } from '../../../schemas/entity.ts'
import { accessDecisions, scoringSourceState, scoringState, type LogTopic } from '../../../schemas/topics.ts'
import type { LogRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
import { cpuSeconds } from '../../runtime/bench-result.ts'
import type { Enrich } from '../enrich/enrich.ts'
import { readDecision } from '../parse.ts'
import { PartitionStates } from '../partition-states.ts'
import { scoreActivity, sourceBenches } from '../source-stage.ts'
import { scoreDecision, subjectBench } from '../subject-stage.ts'
import { SOURCE_MEMORY, SUBJECT_MEMORY, subjectStage } from '../worker.ts'
import { events } from './events.ts'

export interface InMemoryFigures {
  readonly decisions_per_second_per_core: number
  readonly p99_us: number
  readonly bytes_per_subject: number
  readonly event_bytes: number
  /** JSON.parse alone over the same events: tells how busy or slow the machine was. */
  readonly json_parse_per_second_per_core: number
}

/** Parse, enrichment and every detector of both stages, without log, outputs and state on disk; the second half of the records is measured. */
export function benchInMemory(enrich: Enrich, count: number, subjects: number): InMemoryFigures {
  const records = recordsOf(count, subjects)
  const states = { subject: nothing('subject', scoringState), source: nothing('source', scoringSourceState) }
  const benches = { subject: subjectBench(), source: sourceBenches() }
  const handle = (record: LogRecord): void => {
    const read = readDecision(record)
    if (read.kind !== 'ok') throw new Error(`the bench made a bad decision: ${read.reason}`)
    const enrichment = enrich(read.value)
    const scored = scoreDecision(benches.subject, states.subject, record.key, read.value, enrichment)
    for (const activity of scored?.activities ?? []) {
      const key = entityKey(activity.tenant, activity.entity)
      scoreActivity(benches.source, states.source, key, activity)
    }
  }
  // Until nearly every subject and network has been seen once, and the code is compiled.
  const warm = Math.floor(count / 2)
  for (const record of records.slice(0, warm)) handle(record)
  const measured = records.slice(warm)
  const times = new Float64Array(measured.length)
  const before = cpuSeconds()
  let last = performance.now()
  for (let index = 0; index < measured.length; index++) {
    const record = measured[index]
    if (record !== undefined) handle(record)
    const now = performance.now()
    times[index] = (now - last) * 1000
    last = now
  }
  const seconds = cpuSeconds() - before
  const parsing = cpuSeconds()
  for (const { value } of measured) JSON.parse(Buffer.from(value ?? []).toString())
  const parse = cpuSeconds() - parsing
  times.sort()
  return {
    decisions_per_second_per_core: Math.round(measured.length / seconds),
    json_parse_per_second_per_core: Math.round(measured.length / parse),
    p99_us: Math.round(times[Math.floor(times.length * 0.99)] ?? 0),
    bytes_per_subject: bytesPerSubject(enrich, records),
    event_bytes: Math.round(
      records.reduce((sum, each) => sum + (each.value?.length ?? 0), 0) / records.length,
    ),
  }
}

/** Stored bytes of state for one subject, population included, after all records. */
function bytesPerSubject(enrich: Enrich, records: readonly LogRecord[]): number {
  const states = nothing('subject', scoringState)
  const part: PartitionRecords = {
    topic: accessDecisions,
    partition: 0,
    records,
    first_offset: 0,
    last_offset: records.length - 1,
  }
  const { outputs } = subjectStage(enrich).process(part, states)
  const stored = outputs.filter((record) => record.topic === scoringState)
  const bytes = stored.reduce((sum, { value, key }) => sum + (value?.length ?? 0) + key.length, 0)
  return Math.round(bytes / states.size)
}

/** Bytes of the buffers that values are views of; the log's own blocks are as large. */
const BLOCK_BYTES = 16_384

/** Decisions as records of the log: views of shared buffers, as the log hands them out. */
export function recordsOf(count: number, subjects: number): LogRecord[] {
  const records: LogRecord[] = []
  let block = Buffer.alloc(BLOCK_BYTES)
  let at = 0
  for (const decision of events(count, { subjects, everyMs: 250 })) {
    const text = JSON.stringify(decision)
    if (at + text.length > BLOCK_BYTES) {
      block = Buffer.alloc(BLOCK_BYTES)
      at = 0
    }
    const end = at + block.write(text, at)
    records.push({
      offset: records.length,
      key: `default/subject/user:${decision.subject.id}`,
      value: block.subarray(at, end),
      headers: {},
      appended_ms: Date.parse(decision.decided_at) + 20,
    })
    at = end
  }
  return records
}

function nothing(stage: 'subject' | 'source', topic: LogTopic): PartitionStates {
  const limits = stage === 'subject' ? SUBJECT_MEMORY : SOURCE_MEMORY
  return new PartitionStates({ stage, topic, partition: 0, limits, decoded: 1_000_000, seed: 1 })
}

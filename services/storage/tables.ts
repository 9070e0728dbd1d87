import {
  accessFindings,
  accessScored,
  accessStories,
  analystVerdicts,
  deadLetterOf,
  parsedTopics,
  riskState,
  type LogTopic,
  type Topic,
} from '../../schemas/topics.ts'
import { openDecisionRows, type Row } from '../../schemas/clickhouse/decision-row.ts'
import type { LogRecord } from '../runtime/log/event-log.ts'
import { parseJson } from '../runtime/log/json-record.ts'
import type { Outcome } from '../runtime/outcome.ts'
import { deadLetterRow } from './rows/dead-letter-row.ts'
import { findingRow } from './rows/finding-row.ts'
import { riskStateRow } from './rows/risk-state-row.ts'
import { storyRow } from './rows/story-row.ts'
import { verdictRow } from './rows/verdict-row.ts'
import { rowOf, type RowReason } from './rows/row-of.ts'

/** Where a topic's records go. */
export interface StoredTopic {
  readonly topic: LogTopic
  readonly table: string
  /** The row of a record; `drop` for a tombstone, which says nothing that a table keeps. */
  row(record: LogRecord, partition: number): Outcome<Row, RowReason>
}

/** Every topic that is stored, and how. */
export function openStoredTopics(): readonly StoredTopic[] {
  const decisions = openDecisionRows()
  const json = <T>(
    topic: Topic<T>,
    table: string,
    build: (value: T, ingestedMs: number) => Row,
  ): StoredTopic => ({
    topic,
    table,
    row(record) {
      if (record.value === null && topic.compacted) return { kind: 'drop', reason: 'tombstone' }
      const parsed = parseJson(record)
      if (parsed.kind !== 'ok') return parsed
      const { value } = parsed
      if (!isWritten(topic, value))
        return { kind: 'dead-letter', reason: 'unstorable', detail: 'not of schema version 1' }
      return rowOf(() => build(value, record.appended_ms))
    },
  })
  return [
    json(accessScored, 'decisions', (scored, at) => decisions.toRow(scored, at)),
    json(accessFindings, 'findings', findingRow),
    json(accessStories, 'stories', storyRow),
    json(riskState, 'risk_states', riskStateRow),
    json(analystVerdicts, 'verdicts', verdictRow),
    ...parsedTopics.map((source): StoredTopic => {
      const topic = deadLetterOf(source)
      return {
        topic,
        table: 'dead_letters',
        row: (record, partition) => ({ kind: 'ok', value: deadLetterRow(topic, record, partition) }),
      }
    }),
  ]
}

/**
 * Our own workers wrote it and validated it there, so its version is all that is
 * looked at: a strict schema would refuse what a newer version adds in a rolling
 * upgrade. What isn't as it should be fails while its row is built.
 */
function isWritten<T>(topic: Topic<T>, value: unknown): value is T {
  if (typeof value !== 'object' || value === null) return false
  const versioned = topic.name === accessScored.name && 'decision' in value ? value.decision : value
  return (
    typeof versioned === 'object' &&
    versioned !== null &&
    'schema_version' in versioned &&
    versioned.schema_version === 1
  )
}

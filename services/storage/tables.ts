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
import type { Row } from '../../schemas/clickhouse/decision-row.ts'
import { isRecord } from '../../schemas/record.ts'
import { parseJson } from '../runtime/log/json-record.ts'
import type { BlockBuilder } from './block.ts'
import type { DecisionThread } from './decisions/decision-thread.ts'
import { JsonBlock } from './json-block.ts'
import { deadLetterRow } from './rows/dead-letter-row.ts'
import { findingRow } from './rows/finding-row.ts'
import { riskStateRow } from './rows/risk-state-row.ts'
import { storyRow } from './rows/story-row.ts'
import { verdictRow } from './rows/verdict-row.ts'
import { rowOf } from './rows/row-of.ts'

/** Where a topic's records go. */
export interface StoredTopic {
  readonly topic: LogTopic
  readonly table: string
  /** An empty block; `types` are the table's columns and their types, `rows` how many are expected. */
  open(types: ReadonlyMap<string, string>, rows: number): BlockBuilder
}

/** Every topic that is stored, and how. Decisions are many, and made into rows by a thread of their own. */
export function openStoredTopics(decisions: DecisionThread): readonly StoredTopic[] {
  const json = <T>(
    topic: Topic<T>,
    table: string,
    build: (value: T, ingestedMs: number) => Row,
  ): StoredTopic => ({
    topic,
    table,
    open: () =>
      new JsonBlock((record) => {
        if (record.value === null && topic.compacted) return { kind: 'drop', reason: 'tombstone' }
        const parsed = parseJson(record)
        if (parsed.kind !== 'ok') return parsed
        const { value } = parsed
        if (!isWritten(topic, value))
          return { kind: 'dead-letter', reason: 'unstorable', detail: 'not of schema version 1' }
        return rowOf(() => build(value, record.appended_ms))
      }),
  })
  return [
    { topic: accessScored, table: 'decisions', open: (types, rows) => decisions.open(types, rows) },
    json(accessFindings, 'findings', findingRow),
    json(accessStories, 'stories', storyRow),
    json(riskState, 'risk_states', riskStateRow),
    json(analystVerdicts, 'verdicts', verdictRow),
    ...parsedTopics.map((source): StoredTopic => {
      const topic = deadLetterOf(source)
      return {
        topic,
        table: 'dead_letters',
        open: () =>
          new JsonBlock((record, partition) => ({
            kind: 'ok',
            value: deadLetterRow(topic, record, partition),
          })),
      }
    }),
  ]
}

/**
 * Our own workers wrote it and validated it there, so its version is all that is
 * looked at: a strict schema would refuse what a newer version adds in a rolling
 * upgrade. What isn't as it should be fails while its row is built.
 */
function isWritten<T>(_topic: Topic<T>, value: unknown): value is T {
  return isRecord(value) && value['schema_version'] === 1
}

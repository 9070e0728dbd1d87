import { UnstorableError, type Row } from '../../../schemas/clickhouse/decision-row.ts'
import { toStoreInstant } from '../../../schemas/clickhouse/instant.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import type { ParseReason } from '../../runtime/log/json-record.ts'

export type RowReason = ParseReason | 'tombstone' | 'unstorable'

/** Builds a row; a value that is not what its schema says makes a dead letter and no fault. */
export function rowOf(build: () => Row): Outcome<Row, RowReason> {
  try {
    return { kind: 'ok', value: build() }
  } catch (error) {
    if (error instanceof UnstorableError)
      return { kind: 'dead-letter', reason: 'unstorable', detail: error.message }
    if (error instanceof TypeError)
      return { kind: 'dead-letter', reason: 'unstorable', detail: 'the record lacks fields of its schema' }
    throw error
  }
}

/** An instant for the store. Throws UnstorableError. */
export function instant(name: string, value: string): string {
  const text = toStoreInstant(value)
  if (text === null) throw new UnstorableError(name)
  return text
}

export function instantOrNull(name: string, value: string | null): string | null {
  return value === null ? null : instant(name, value)
}

/** When the log took a record. */
export function ingestedAt(ms: number): string {
  return instant('ingested_at', new Date(ms).toISOString())
}

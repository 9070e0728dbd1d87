import type {
  Draft,
  FormatName,
  Reading,
  ReadingOptions,
  RecordReader,
} from '../../../services/collector/formats/format.ts'
import { openFormat } from '../../../services/collector/formats/open.ts'

const NOW_MS = Date.parse('2026-06-01T00:00:00Z')

/** A reader of a format as of the summer of 2026, in UTC unless said otherwise. */
export function readerOf(format: FormatName, options: Partial<ReadingOptions> = {}): RecordReader {
  return openFormat(format, { year: null, written_ms: NOW_MS, now_ms: NOW_MS, timezone: 'UTC', ...options })
}

/** What becomes of one record: text, or an object as JSON. */
export function reading(format: FormatName, record: unknown, options: Partial<ReadingOptions> = {}): Reading {
  return readerOf(format, options).read(typeof record === 'string' ? record : JSON.stringify(record))
}

/** The one decision of a record; fails when there is none or more. */
export function draftOf(format: FormatName, record: unknown, options: Partial<ReadingOptions> = {}): Draft {
  const read = reading(format, record, options)
  const [draft, ...others] = read.kind === 'ok' ? read.value : []
  if (draft === undefined || others.length > 0) throw new Error(`not one decision: ${JSON.stringify(read)}`)
  return draft
}

/** Why a record is no decision; `ok` when it is one. */
export function whyNot(format: FormatName, record: unknown): string {
  const read = reading(format, record)
  return read.kind === 'ok' ? 'ok' : `${read.kind} ${read.reason}`
}

import { Decision } from '../../schemas/decision.ts'
import type { Outcome } from '../runtime/outcome.ts'
import {
  unusable,
  type DeadLetterReason,
  type Draft,
  type Reading,
  type RecordReader,
} from './formats/format.ts'
import type { SourceRecord } from './source/record.ts'

/** How far ahead of the clock an event may be, as for scoring: clocks differ by less, wrong zones by more. */
const MAX_AHEAD_MS = 5 * 60_000

const PROBLEMS = {
  too_long: 'the record is too long',
  binary: 'the record holds bytes that are no text (0x00)',
  cut_off: 'the source ends in the middle of the record',
} as const

/** Whether an instant is further ahead of the clock than that of an event may be. */
export function isAhead(instant: string, nowMs: number): boolean {
  return Date.parse(instant) > nowMs + MAX_AHEAD_MS
}

/** What a record says by its format; a record that is unusable whatever its format is not shown to the reader. */
export function mapRecord(reader: RecordReader, record: SourceRecord): Reading {
  if (record.problem === null) return reader.read(record.text)
  return unusable(record.problem, `${PROBLEMS[record.problem]} (${record.bytes} bytes)`)
}

/** A draft made one of our decisions, but for its place in a chain; or why it can't be one. */
export function decisionOf(
  draft: Draft,
  made: { readonly id: string; readonly tenant: string; readonly origin: 'import' | 'live' },
  nowMs: number,
): Exclude<Outcome<Decision, DeadLetterReason>, { kind: 'drop' }> {
  if (isAhead(draft.decided_at, nowMs)) {
    return {
      kind: 'dead-letter',
      reason: 'future_dated',
      detail: `${draft.decided_at} is still to come: check year and timezone`,
    }
  }
  const parsed = Decision.safeParse({ ...draft, ...made })
  if (parsed.success) return { kind: 'ok', value: parsed.data }
  const [issue] = parsed.error.issues
  return {
    kind: 'dead-letter',
    reason: 'record_invalid',
    detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  }
}

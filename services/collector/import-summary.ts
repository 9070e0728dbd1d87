import type { DeadLetterReason, SkipReason } from './formats/format.ts'

/** What an import did. Every record read is in exactly one of `decisions` (once or more), `skipped` and `dead_letters`. */
export interface ImportSummary {
  /** Lines, or JSON values. */
  records: number
  /** Of these, the ones that were not UTF-8 and were read as Latin-1. */
  latin1: number
  /** Decisions written to the log. */
  decisions: number
  /** Decisions that were there already from an earlier import. */
  known: number
  permitted: number
  refused: number
  skipped: Partial<Record<SkipReason, number>>
  /** Written to the dead-letter topic, and those that were there already. */
  dead_letters: Partial<Record<DeadLetterReason, number>>
  /** The first unusable record, for a hint. */
  first_dead_letter: {
    readonly line: number
    readonly reason: DeadLetterReason
    readonly detail: string
  } | null
  /** Event time of the earliest and the latest decision, the known ones included. */
  from: string | null
  to: string | null
  /** Decisions that stand after a later one in the source. */
  out_of_order: number
}

export function emptySummary(): ImportSummary {
  return {
    records: 0,
    latin1: 0,
    decisions: 0,
    known: 0,
    permitted: 0,
    refused: 0,
    skipped: {},
    dead_letters: {},
    first_dead_letter: null,
    from: null,
    to: null,
    out_of_order: 0,
  }
}

/** Notes a decision's event time in the summary. */
export function noteInstant(summary: ImportSummary, at: string): void {
  if (summary.to !== null && at < summary.to) summary.out_of_order += 1
  if (summary.from === null || at < summary.from) summary.from = at
  if (summary.to === null || at > summary.to) summary.to = at
}

import type { SourceRecord } from '../source/record.ts'

/** Records that a source gives at a time, in its order, and where it stands after them. */
export interface Offer {
  readonly records: readonly OfferedRecord[]
  /** Where to go on after these; null for a source that can't be asked again. */
  readonly position: string | null
}

export interface OfferedRecord {
  readonly record: SourceRecord
  /** What makes it this record and no other one of the source: a place in it, or the name of its delivery. */
  readonly identity: string
  /** Whether the same identity can come again, since its sender repeats what was not answered. */
  readonly repeats: boolean
  /** The identity alone says which it is: the rest of it may change until it comes again. */
  readonly changes?: boolean
}

/** What became of an offer; every record is in one of these. */
export interface Taken {
  readonly decisions: number
  /** Decisions that were there already. */
  readonly known: number
  readonly skipped: number
  readonly dead_letters: number
}

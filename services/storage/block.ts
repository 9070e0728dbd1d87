import type { LogRecord } from '../runtime/log/event-log.ts'
import type { Outcome } from '../runtime/outcome.ts'
import type { RowReason } from './rows/row-of.ts'

/** The data of an INSERT, in parts that are sent one after the other. */
export interface BlockBody {
  readonly format: 'Native' | 'JSONEachRow'
  readonly parts: readonly Buffer[]
}

/** Makes rows of one table out of records. The same records in the same order give the same block. */
export interface BlockBuilder {
  readonly rows: number
  /** Adds a record's row; `drop` for one that says nothing that a table keeps. What isn't `ok` leaves nothing behind. */
  add(record: LogRecord, partition: number): Outcome<unknown, RowReason>
  body(): BlockBody
}

/** One block to be inserted: its rows, and the token under which the store knows it again. */
export interface Block {
  readonly table: string
  readonly token: string
  readonly rows: number
  readonly body: BlockBody
}

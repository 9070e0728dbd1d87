import type { LogRecord } from '../runtime/log/event-log.ts'
import type { Outcome } from '../runtime/outcome.ts'
import type { LogTopic } from '../../schemas/topics.ts'
import type { RowReason } from './rows/row-of.ts'

/** The data of an INSERT, in parts that are sent one after the other. */
export interface BlockBody {
  readonly format: 'Native' | 'JSONEachRow'
  readonly parts: readonly Uint8Array[]
}

/** A record and where it comes from. */
export interface Place {
  readonly topic: LogTopic
  readonly partition: number
  readonly record: LogRecord
}

/** A record that makes no row: its number among those that were added together, and why. */
export interface NoRow {
  readonly index: number
  readonly outcome: Exclude<Outcome<unknown, RowReason>, { readonly kind: 'ok' }>
}

/** Makes rows of one table out of records. The same records in the same order give the same block. */
export interface BlockBuilder {
  readonly rows: number
  /** Adds the records' rows in their order; `drop` for one that says nothing that a table keeps. What has no row leaves nothing behind. */
  add(places: readonly Place[]): Promise<readonly NoRow[]>
  /** The block as it is to be sent; the last call. */
  body(): Promise<BlockBody>
  /** Instead of `body`, when the block is not wanted any more. */
  discard(): void
}

/** One block to be inserted: its rows, and the token under which the store knows it again. */
export interface Block {
  readonly table: string
  readonly token: string
  readonly rows: number
  readonly body: BlockBody
}

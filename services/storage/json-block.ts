import type { Row } from '../../schemas/clickhouse/decision-row.ts'
import type { LogRecord } from '../runtime/log/event-log.ts'
import type { Outcome } from '../runtime/outcome.ts'
import type { BlockBody, BlockBuilder } from './block.ts'
import type { RowReason } from './rows/row-of.ts'

/** Rows as JSON, a line each: for the tables whose records are few. */
export class JsonBlock implements BlockBuilder {
  readonly #row: (record: LogRecord, partition: number) => Outcome<Row, RowReason>
  readonly #lines: Buffer[] = []

  constructor(row: (record: LogRecord, partition: number) => Outcome<Row, RowReason>) {
    this.#row = row
  }

  get rows(): number {
    return this.#lines.length
  }

  add(record: LogRecord, partition: number): Outcome<unknown, RowReason> {
    const outcome = this.#row(record, partition)
    if (outcome.kind === 'ok') this.#lines.push(jsonLine(outcome.value))
    return outcome
  }

  body(): BlockBody {
    return { format: 'JSONEachRow', parts: this.#lines }
  }
}

/** A row as a line; half a surrogate pair, which no UTF-8 text can hold, becomes U+FFFD. */
export function jsonLine(row: Row): Buffer {
  const line = JSON.stringify(row)
  return Buffer.from(`${LONE_SURROGATE.test(line) ? JSON.stringify(row, wellFormed) : line}\n`)
}

/** JSON.stringify writes a surrogate as an escape only when it stands alone. */
const LONE_SURROGATE = /\\ud[89a-f]/

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}

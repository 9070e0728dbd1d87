import { setImmediate as turn } from 'node:timers/promises'
import type { Row } from '../../schemas/clickhouse/decision-row.ts'
import type { LogRecord } from '../runtime/log/event-log.ts'
import type { Outcome } from '../runtime/outcome.ts'
import type { BlockBody, BlockBuilder, NoRow, Place } from './block.ts'
import type { RowReason } from './rows/row-of.ts'

/** Records made into rows before others get a turn: some 10 us each, and requests wait in the same process. */
const SLICE = 128

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

  async add(places: readonly Place[]): Promise<readonly NoRow[]> {
    const without: NoRow[] = []
    for (const [index, { record, partition }] of places.entries()) {
      if (index % SLICE === SLICE - 1) await turn()
      const outcome = this.#row(record, partition)
      if (outcome.kind === 'ok') this.#lines.push(jsonLine(outcome.value))
      else without.push({ index, outcome })
    }
    return without
  }

  body(): Promise<BlockBody> {
    return Promise.resolve({ format: 'JSONEachRow', parts: this.#lines })
  }

  discard(): void {
    this.#lines.length = 0
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

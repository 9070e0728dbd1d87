import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { finished } from 'node:stream/promises'
import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client'
import type { Row } from '../../schemas/clickhouse/decision-row.ts'

/** One block: its rows, and the token under which the store knows it again. */
export interface Block {
  readonly table: string
  readonly token: string
  readonly rows: readonly Row[]
}

/**
 * Inserts a block once: repeated under its token, it is dropped by the table
 * and by every view's target. One thread and one parser, so that the same rows
 * are cut into the same parts; the answer comes after the flush to disk.
 */
export async function insertBlock(client: ClickHouseClient, block: Block): Promise<void> {
  // `insert` would write every row's JSON itself, one small chunk after the other.
  const { stream } = await client.exec({
    query: `INSERT INTO ${block.table} FORMAT JSONEachRow`,
    values: Readable.from(chunks(block.rows), { objectMode: false }),
    clickhouse_settings: {
      insert_deduplicate: 1,
      insert_deduplication_token: `${block.token}/${block.table}`,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      async_insert: 0,
      // Copies are rare, and merges replace them; to look for them in each block takes four times the time (measured).
      optimize_on_insert: 0,
      max_insert_threads: '1',
      input_format_parallel_parsing: 0,
      // A row of a newer version may have a field that this table has no column for yet.
      input_format_skip_unknown_fields: 1,
      // Imported history spans years, a month is a partition.
      max_partitions_per_insert_block: '2000',
    },
  })
  stream.resume()
  await finished(stream)
}

/** Rows written out before others get a turn. */
const SLICE = 128

async function* chunks(rows: readonly Row[]): AsyncGenerator<Buffer> {
  for (let i = 0; i < rows.length; i += SLICE) {
    yield Buffer.from(jsonLines(rows.slice(i, i + SLICE)))
    await turn()
  }
}

/** Rows as JSON, a line each; half a surrogate pair, which no UTF-8 text can hold, becomes U+FFFD. */
function jsonLines(rows: readonly Row[]): string {
  let text = ''
  for (const row of rows) {
    const line = JSON.stringify(row)
    text += LONE_SURROGATE.test(line) ? JSON.stringify(row, wellFormed) : line
    text += '\n'
  }
  return text
}

/** JSON.stringify writes a surrogate as an escape only when it stands alone. */
const LONE_SURROGATE = /\\ud[89a-f]/

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}

/**
 * Codes that a row itself causes, and that a repeat won't change: text that
 * can't be parsed, a value out of its type's range, NULL where there is none.
 */
const BAD_ROW = new Set([6, 26, 27, 33, 38, 41, 53, 69, 72, 117, 130, 131, 321, 349, 467])

export function isBadRow(error: unknown): boolean {
  return error instanceof ClickHouseError && BAD_ROW.has(Number(error.code))
}

/** The table or database isn't there: a new or emptied store, which wants migrating. */
export function isMissingTable(error: unknown): boolean {
  return error instanceof ClickHouseError && (error.code === '60' || error.code === '81')
}

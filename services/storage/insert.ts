import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client'
import type { Block } from './block.ts'

/**
 * Answered when each shard has its rows and most of its copies have them on disk:
 * a node that dies then loses nothing.
 */
const ON_A_CLUSTER = { distributed_foreground_insert: 1, insert_quorum: 'auto' } as const

/**
 * Inserts a block once: repeated under its token, it is dropped by the table
 * and by every view's target. One thread and one parser, so that the same rows
 * are cut into the same parts; the answer comes after the flush to disk.
 */
export async function insertBlock(client: ClickHouseClient, block: Block, cluster?: string): Promise<void> {
  const { format, parts } = block.body
  const { stream } = await client.exec({
    query: `INSERT INTO ${block.table} FORMAT ${format}`,
    values: Readable.from(parts, { objectMode: false }),
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
      ...(cluster !== undefined && ON_A_CLUSTER),
    },
  })
  stream.resume()
  await finished(stream)
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

/**
 * The store has no room: it can't reserve it (243), or the disk refuses a write. That comes under
 * several codes, with the operating system's number 28, ENOSPC, in its text.
 */
export function isDiskFull(error: unknown): boolean {
  return (
    error instanceof ClickHouseError &&
    (error.code === '243' || /\berrno: 28\b|\bENOSPC\b/.test(error.message))
  )
}

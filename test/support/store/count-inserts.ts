import type { ClickHouseClient } from '@clickhouse/client'

/**
 * Merges replace copies, so a table that is right now may have been wrong before.
 * The view `inserted` adds up what ever got past the deduplication, in `decisions` and
 * in the view's own target: a block that is let in twice stays counted twice.
 */
export async function countInserts(client: ClickHouseClient): Promise<void> {
  await client.command({
    query: `CREATE TABLE inserted (rows UInt64) ENGINE = MergeTree ORDER BY tuple()
      SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1`,
  })
  await client.command({
    query: 'CREATE MATERIALIZED VIEW inserted_mv TO inserted AS SELECT count() AS rows FROM decisions',
  })
}

import type { ClickHouseClient } from '@clickhouse/client'

/** A table's columns and their types, as the store says them. */
export async function columnTypes(
  client: ClickHouseClient,
  table: string,
): Promise<ReadonlyMap<string, string>> {
  const result = await client.query({
    query:
      'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
    query_params: { table },
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ name: string; type: string }>()
  return new Map(rows.map(({ name, type }) => [name, type]))
}

import type { ClickHouseClient } from '@clickhouse/client'
import type { StoredTable } from './reader.ts'

/**
 * The tables that hold rows, as the store itself knows them, so that none is
 * forgotten. Views write into tables and hold nothing; what Gatewatch writes down
 * about the tables themselves is nobody's.
 */
export async function storedTables(client: ClickHouseClient): Promise<readonly StoredTable[]> {
  const result = await client.query({
    query: `SELECT name, name IN (SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'tenant') AS has_tenant
      FROM system.tables WHERE database = currentDatabase() AND engine != 'MaterializedView' ORDER BY name`,
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ name: string; has_tenant: number }>()
  return rows.map(({ name, has_tenant }) => ({ name, has_tenant: has_tenant === 1 }))
}

import { openClickHouse } from '../../runtime/clickhouse/client.ts'
import type { ClickHouseEndpoint } from '../../runtime/clickhouse/endpoint.ts'

/** Why the store can't be used now, or null. */
export async function storeTrouble(endpoint: ClickHouseEndpoint): Promise<string | null> {
  const client = openClickHouse(endpoint, { readonly: true, request_timeout_ms: 900 })
  try {
    await client.query({ query: 'SELECT 1', format: 'JSONEachRow' })
    return null
  } catch {
    return 'the store does not answer'
  } finally {
    await client.close()
  }
}

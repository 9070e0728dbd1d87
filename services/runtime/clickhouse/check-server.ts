import type { ClickHouseClient } from '@clickhouse/client'
import { GatewatchError } from '../errors.ts'
import { openClickHouse } from './client.ts'
import type { ClickHouseEndpoint } from './endpoint.ts'
import { storeFault } from './faults.ts'

/**
 * The oldest ClickHouse that keeps what storage promises: since 24.7 a repeated
 * block that a table drops by its token is dropped by the targets of its views
 * too; before, it doubled the roll-ups. 24.8 is the first long-term release of these.
 */
const OLDEST_VERSION = '24.8'

/**
 * Whether a server can be worked with: that it answers, lets us in, is new
 * enough, and has our database, which is created where it is missing. Throws
 * one sentence: `ERR_STORE_UNREACHABLE` (retriable) or `ERR_STORE_QUERY`.
 */
export async function checkServer(endpoint: ClickHouseEndpoint): Promise<void> {
  const client = openClickHouse(endpoint, { database: 'default', request_timeout_ms: 5_000 })
  try {
    const [found] = await rows<{ version: string }>(client, 'SELECT version() AS version')
    refuseOlder(found?.version ?? '')
    const databases = await rows<{ name: string }>(client, 'SELECT name FROM system.databases')
    if (databases.some(({ name }) => name === endpoint.database)) return
    const on = endpoint.cluster === undefined ? '' : ` ON CLUSTER '${endpoint.cluster}'`
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${endpoint.database}${on}` })
  } catch (error) {
    throw storeFault(error)
  } finally {
    await client.close()
  }
}

/** Throws `ERR_STORE_QUERY` for a version below `OLDEST_VERSION`, or none. */
export function refuseOlder(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_VERSION.split('.').map(Number)
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new GatewatchError(
    'ERR_STORE_QUERY',
    `ClickHouse ${version.slice(0, 32)} is too old: before ${OLDEST_VERSION} a repeated block would be counted twice in roll-ups; update the server.`,
  )
}

async function rows<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  const result = await client.query({ query, format: 'JSONEachRow' })
  return result.json<T>()
}

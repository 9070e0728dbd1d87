import { randomBytes } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe } from 'vitest'
import { freePorts } from '../../../deploy/kafka/free-ports.ts'
import { checkServer } from '../../../services/runtime/clickhouse/check-server.ts'
import { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import type { ClickHouseEndpoint } from '../../../services/runtime/clickhouse/endpoint.ts'
import { migrate } from '../../../services/runtime/clickhouse/migrate.ts'
import { eventually } from '../eventually.ts'
import { startTempEngine } from './temp-engine.ts'

/** One store, migrated, with nothing in it. */
export interface StoreUnderTest {
  readonly endpoint: ClickHouseEndpoint
  readonly client: ClickHouseClient
  /** Kills the embedded engine and waits until it is back; a server is left alone. */
  readonly restart: () => Promise<void>
}

interface OpenedStore extends StoreUnderTest {
  close(): Promise<void>
}

/**
 * Runs a suite on every store that is to be had: the embedded engine, by its
 * socket or by its port, and the server that `CLICKHOUSE_URL` names, with
 * `CLICKHOUSE_USER` and `CLICKHOUSE_PASSWORD`, in a database of its own that is
 * dropped at the end. A store that isn't to be had is a skipped test.
 */
export function onEveryStore(by: 'socket' | 'port', suite: (store: () => StoreUnderTest) => void): void {
  const url = process.env['CLICKHOUSE_URL'] ?? ''
  describe(`the embedded engine by its ${by}`, () => {
    on(() => embedded(by), suite)
  })
  describe.skipIf(url === '')('the server that CLICKHOUSE_URL names (skipped where it is not set)', () => {
    on(() => server(url), suite)
  })
}

function on(open: () => Promise<OpenedStore>, suite: (store: () => StoreUnderTest) => void): void {
  let opened: OpenedStore
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.client)
  })
  afterAll(() => opened.close())
  suite(() => opened)
}

async function embedded(by: 'socket' | 'port'): Promise<OpenedStore> {
  // A port that stays the same when the engine comes back.
  const [port = 0] = await freePorts(1)
  const store = await startTempEngine({ host: '127.0.0.1', port })
  const { socket_path: _socket, ...rest } = store.engine.endpoint
  const endpoint: ClickHouseEndpoint =
    by === 'socket' ? store.engine.endpoint : { ...rest, url: `http://127.0.0.1:${store.engine.port}` }
  const client = openClickHouse(endpoint)
  return {
    endpoint,
    client,
    async restart() {
      const before = store.engine.pid
      if (before !== null) process.kill(before, 'SIGKILL')
      await eventually('the engine is back', async () => {
        const { pid } = store.engine
        return pid !== null && pid !== before && (await store.client.ping()).success
      })
    },
    async close() {
      await client.close()
      await store.close()
    },
  }
}

async function server(url: string): Promise<OpenedStore> {
  const endpoint: ClickHouseEndpoint = {
    url,
    username: process.env['CLICKHOUSE_USER'] ?? 'default',
    password: process.env['CLICKHOUSE_PASSWORD'] ?? '',
    database: `gatewatch_test_${randomBytes(6).toString('hex')}`,
  }
  await checkServer(endpoint)
  const client = openClickHouse(endpoint)
  return {
    endpoint,
    client,
    restart: () => Promise.resolve(),
    async close() {
      await client.command({ query: `DROP DATABASE IF EXISTS ${endpoint.database}` })
      await client.close()
    },
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { pino } from 'pino'
import { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import { startEngine, type Engine } from '../../../services/runtime/clickhouse/start-engine.ts'

export interface TempEngine {
  readonly dataDir: string
  readonly engine: Engine
  /** As the account that may write. */
  readonly client: ClickHouseClient
  /** As the account that may only read. */
  readonly reader: ClickHouseClient
  close(): Promise<void>
}

/** A real engine on a data directory of its own, and clients on it. */
export async function startTempEngine(
  listen?: { host: string; port: number },
  { cold = false }: { readonly cold?: boolean } = {},
): Promise<TempEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatewatch-store-'))
  const engine = await startEngine({
    dataDir,
    logger: pino({ level: 'silent' }),
    ...(listen && { listen }),
    ...(cold && { coldDir: join(dataDir, 'cold') }),
  })
  const client = openClickHouse(engine.endpoint)
  const reader = openClickHouse(engine.endpoint, { readonly: true })
  return {
    dataDir,
    engine,
    client,
    reader,
    async close() {
      await client.close()
      await reader.close()
      await engine.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** The rows of a query. */
export async function rowsOf<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  const result = await client.query({ query, format: 'JSONEachRow' })
  return result.json<T>()
}

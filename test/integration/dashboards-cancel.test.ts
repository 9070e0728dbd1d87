import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Definition } from '../../services/console/dashboards/definition.ts'
import { dashboardRoutes } from '../../services/console/dashboards/routes.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { type Engine, startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { buildServer } from '../../services/runtime/http/server.ts'
import { eventually } from '../support/eventually.ts'

/** Takes far longer than any test, and names itself to who looks at what runs. */
const SLOW = `SELECT count() AS slow_panel FROM numbers(1000000000000) WHERE rand64() = 1`
const definition = Definition.parse({
  uid: 'slow',
  title: 'Slow',
  time: { from: 'now-1h', to: 'now' },
  templating: { list: [] },
  panels: [
    { id: 1, type: 'stat', gridPos: { x: 0, y: 0, w: 4, h: 4 }, targets: [{ rawSql: SLOW }] },
    { id: 2, type: 'stat', gridPos: { x: 4, y: 0, w: 4, h: 4 }, targets: [{ rawSql: 'SELECT 1 AS quick' }] },
  ],
})

const logger = pino({ level: 'silent' })
const directory = await mkdtemp(join(tmpdir(), 'gatewatch-dashboards-cancel-'))
let engine: Engine
let client: ClickHouseClient
let base: string
const app = buildServer({ logger })

beforeAll(async () => {
  engine = await startEngine({ dataDir: directory, logger })
  client = openClickHouse(engine.endpoint, { readonly: true })
  const sources = { client, prometheus_url: undefined }
  dashboardRoutes(app, new Map([['slow', definition]]), { ...sources, query_timeout_s: 30 })
  base = await app.listen({ port: 0, host: '127.0.0.1' })
})

afterAll(async () => {
  await app.close()
  await client.close()
  await engine.stop()
  await rm(directory, { recursive: true, force: true })
})

it('a board that nobody waits for any more costs the engine nothing', async () => {
  const gone = new AbortController()
  const asked = ask(1, gone.signal)
  await eventually('the engine works on it', async () => (await running()) > 0)
  gone.abort()
  await expect(asked).rejects.toThrow(/abort/i)
  await eventually('the engine has dropped it', async () => (await running()) === 0)
  // What was asked in the same way and waited for is answered.
  const answer = await ask(2, AbortSignal.timeout(30_000))
  expect(await answer.json()).toMatchObject({ kind: 'rows', frames: [{ rows: [[1]] }] })
})

it('a query that takes too long is ended by the engine, and the answer says what to do', async () => {
  const limited = buildServer({ logger })
  const sources = { client, prometheus_url: undefined, query_timeout_s: 1 }
  dashboardRoutes(limited, new Map([['slow', definition]]), sources)
  const answer = await limited.inject('/api/v1/dashboards/slow/panels/1?from=0&to=1000')
  expect(answer.statusCode).toBe(503)
  expect(answer.json()).toEqual({
    code: 'ERR_STORE_QUERY',
    message:
      'The store did not answer within 1 s; choose a shorter time range, or raise console.query_timeout_s.',
  })
  await limited.close()
})

function ask(panel: number, signal: AbortSignal): Promise<Response> {
  return fetch(`${base}/api/v1/dashboards/slow/panels/${panel}?from=0&to=1000`, { signal })
}

async function running(): Promise<number> {
  const answer = await client.query({
    query: `SELECT count() AS n FROM system.processes WHERE query LIKE '%AS slow_panel%' AND query NOT LIKE '%system.processes%'`,
    format: 'JSONEachRow',
  })
  const [row] = await answer.json<{ n: string }>()
  return Number(row?.n)
}

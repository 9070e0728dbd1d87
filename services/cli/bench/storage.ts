import { join } from 'node:path'
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import pino from 'pino'
import { Registry } from 'prom-client'
import { accessScored } from '../../../schemas/topics.ts'
import { cpuSeconds, type BenchOptions, type BenchResult } from '../../runtime/bench-result.ts'
import { openClickHouse } from '../../runtime/clickhouse/client.ts'
import { migrate } from '../../runtime/clickhouse/migrate.ts'
import { startEngine } from '../../runtime/clickhouse/start-engine.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { openEmbeddedLog } from '../../runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import type { Block } from '../../storage/block.ts'
import { columnTypes } from '../../storage/column-types.ts'
import { StorageConfig } from '../../storage/config.ts'
import { DecisionBlock } from '../../storage/decisions/decision-block.ts'
import { openScanPlan } from '../../storage/decisions/scan-plan.ts'
import { insertBlock } from '../../storage/insert.ts'
import { startStorage } from '../../storage/main.ts'
import { asTakenLive, logScored } from './storage-events.ts'

const DECISIONS = 150_000
/** Rows of one insert of the engine's own run: its best size, found by trying. */
const OWN_ROWS = 20_000
/** Share of the rows in which code and caches get warm; not measured. */
const WARM = 0.25

/**
 * `gatewatch bench storage`: scored decisions, full width, from the log into the
 * store, with the roll-up, every index and a flush of each block; then the same
 * rows again, as blocks made beforehand, into the same tables, which is what the
 * engine can do by itself. Bytes are those on disk, roll-up and indexes included,
 * once parts are merged.
 */
export async function benchStorage({ directory, scale }: BenchOptions): Promise<BenchResult> {
  const began = performance.now()
  const count = Math.ceil(DECISIONS * scale)
  const logger = pino({ level: 'silent' })
  const log = await openEmbeddedLog({ directory: join(directory, 'log') })
  const engine = await startEngine({ dataDir: directory, logger })
  const client = openClickHouse(engine.endpoint)
  try {
    await logScored(log, count)
    await migrate(client)
    const eventLog = await asTakenLive(log)
    const runtime = { dataDir: directory, logger, metrics: new Registry(), eventLog }
    const config = StorageConfig.parse({ linger_ms: 0 })
    const storage = await startStorage(runtime, config, { endpoint: engine.endpoint })
    const { rows_per_second, cpu_us_per_row } = await timed(log, count)
    await storage.stop()
    const bytes_per_decision = await bytesMerged(client, count)
    const own = await ownSpeed(client, log)
    return {
      name: 'storage',
      figures: {
        rows_per_second: Math.round(rows_per_second),
        ratio_to_engine: Math.round((rows_per_second / own) * 1000) / 1000,
        bytes_per_decision: Math.round(bytes_per_decision * 10) / 10,
        engine_rows_per_second: Math.round(own),
        worker_cpu_us_per_row: Math.round(cpu_us_per_row * 10) / 10,
      },
      cores: availableParallelism(),
      seconds: Math.round(performance.now() - began) / 1000,
    }
  } finally {
    await client.close()
    await engine.stop()
    await log.close()
  }
}

/** From the moment at which the first share is stored until everything is. */
async function timed(
  log: EventLog,
  count: number,
): Promise<{ rows_per_second: number; cpu_us_per_row: number }> {
  let done = 0
  while ((done = await storedRows(log)) < count * WARM) await pause(5)
  const from = performance.now()
  const cpu = cpuSeconds()
  const rows = count - done
  while ((await storedRows(log)) < count) await pause(5)
  const seconds = (performance.now() - from) / 1000
  return { rows_per_second: rows / seconds, cpu_us_per_row: ((cpuSeconds() - cpu) * 1e6) / rows }
}

async function storedRows(log: EventLog): Promise<number> {
  const committed = await log.committed('storage', accessScored)
  return [...committed.values()].reduce((sum, offset) => sum + offset, 0)
}

/** What is on disk once parts are merged, as the engine does by itself within hours. */
async function bytesMerged(client: ClickHouseClient, count: number): Promise<number> {
  for (const table of ['decisions', 'decisions_by_minute'])
    await client.command({ query: `OPTIMIZE TABLE ${table} FINAL` })
  const stored = await number(client, 'SELECT count() AS n FROM decisions')
  if (stored !== count)
    throw new GatewatchError('ERR_STORE_QUERY', `Of ${count} decisions the store has ${stored}.`)
  const bytes = await number(
    client,
    `SELECT sum(bytes_on_disk) AS n FROM system.parts
     WHERE active AND database = currentDatabase() AND table IN ('decisions', 'decisions_by_minute')`,
  )
  return bytes / count
}

async function ownSpeed(client: ClickHouseClient, log: EventLog): Promise<number> {
  await client.command({ query: 'TRUNCATE TABLE decisions' })
  await client.command({ query: 'TRUNCATE TABLE decisions_by_minute' })
  const types = await columnTypes(client, 'decisions')
  const plan = openScanPlan()
  const blocks: Block[] = []
  let builder = new DecisionBlock(plan, types)
  const cut = () => {
    const token = `own/${blocks.length}`
    blocks.push({ table: 'decisions', token, rows: builder.rows, body: builder.body() })
    builder = new DecisionBlock(plan, types)
  }
  for (let partition = 0; partition < log.partitions(accessScored); partition++)
    for await (const records of log.read(accessScored, { partition }))
      for (const record of records) {
        builder.add(record)
        if (builder.rows === OWN_ROWS) cut()
      }
  if (builder.rows > 0) cut()
  const [warm, ...rest] = blocks
  if (warm) await insertBlock(client, warm)
  const from = performance.now()
  for (const block of rest) await insertBlock(client, block)
  const rows = rest.reduce((sum, block) => sum + block.rows, 0)
  return rows / ((performance.now() - from) / 1000)
}

async function number(client: ClickHouseClient, query: string): Promise<number> {
  const result = await client.query({ query, format: 'JSONEachRow' })
  const [row] = await result.json<{ n: number | string }>()
  return Number(row?.n ?? 0)
}

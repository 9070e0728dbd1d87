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
import { StorageConfig } from '../../storage/config.ts'
import { startStorage } from '../../storage/main.ts'
import { asTakenLive, Gate, logScored } from './storage-events.ts'
import { calm, empty, ownBlocks, ownRun, type Timed } from './storage-own.ts'

const DECISIONS = 150_000
/** Share of the rows, at least, in which code and caches get warm; not measured. */
const WARM = 0.15

/**
 * `gatewatch bench storage`: scored decisions, full width, from the log into the
 * store, with the roll-up, every index and a flush of each block; and the same
 * rows as blocks made beforehand, into the same tables, which is what the engine
 * can do by itself. Bytes are those on disk, roll-up and indexes included, once
 * parts are merged.
 *
 * An insert is not over with its answer: the engine merges what it wrote, and how
 * much of that falls into the time of the inserts depends on how long those take.
 * So each run begins when nothing is left to merge of the share that warms it up,
 * and ends when nothing is left of the rest. (It merges at six parts of a size: of a small
 * `scale` one run may have just too few.) The engine's run is made twice, before the worker's
 * and after it, and is the mean of both.
 */
export async function benchStorage({ directory, scale }: BenchOptions): Promise<BenchResult> {
  const began = performance.now()
  const count = Math.ceil(DECISIONS * scale)
  const warm = count * WARM
  const logger = pino({ level: 'silent' })
  const log = await openEmbeddedLog({ directory: join(directory, 'log') })
  const engine = await startEngine({ dataDir: directory, logger })
  const client = openClickHouse(engine.endpoint)
  try {
    await logScored(log, count)
    await migrate(client)
    const gate = new Gate(warm)
    const eventLog = await asTakenLive(log, gate)
    const blocks = await ownBlocks(client, log)
    const before = await ownRun(client, blocks, { name: 'before', warm })
    await empty(client)
    const runtime = { dataDir: directory, logger, metrics: new Registry(), eventLog }
    const config = StorageConfig.parse({ linger_ms: 0 })
    const storage = await startStorage(runtime, config, { endpoint: engine.endpoint })
    const worker = await timed(client, log, { count, gate })
    await storage.stop()
    const bytes_per_decision = await bytesMerged(client, count)
    const after = await ownRun(client, blocks, { name: 'after', warm })
    const rows_per_second = worker.rows / worker.seconds
    const own = (before.rows + after.rows) / (before.seconds + after.seconds)
    return {
      name: 'storage',
      figures: {
        rows_per_second: Math.round(rows_per_second),
        ratio_to_engine: Math.round((rows_per_second / own) * 1000) / 1000,
        bytes_per_decision: Math.round(bytes_per_decision * 10) / 10,
        engine_rows_per_second: Math.round(own),
        worker_cpu_us_per_row: Math.round((worker.cpu_seconds / worker.rows) * 1e7) / 10,
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

/** From the moment at which the first share is stored and merged until everything is. */
async function timed(
  client: ClickHouseClient,
  log: EventLog,
  { count, gate }: { readonly count: number; readonly gate: Gate },
): Promise<Timed & { readonly cpu_seconds: number }> {
  while ((await storedRows(log)) < gate.rows) await pause(5)
  await calm(client)
  const rows = count - (await storedRows(log))
  const from = performance.now()
  const cpu = cpuSeconds()
  gate.open()
  while ((await storedRows(log)) < count) await pause(5)
  const cpu_seconds = cpuSeconds() - cpu
  return { rows, cpu_seconds, seconds: ((await calm(client)) - from) / 1000 }
}

async function storedRows(log: EventLog): Promise<number> {
  const committed = await log.committed('storage', accessScored)
  return [...committed.values()].reduce((sum, offset) => sum + offset, 0)
}

/** What is on disk once parts are merged, as the engine does by itself within hours. */
async function bytesMerged(client: ClickHouseClient, count: number): Promise<number> {
  for (const table of ['decisions', 'decision_days'])
    await client.command({ query: `OPTIMIZE TABLE ${table} FINAL` })
  const stored = await number(client, 'SELECT count() AS n FROM decisions')
  if (stored !== count)
    throw new GatewatchError('ERR_STORE_QUERY', `Of ${count} decisions the store has ${stored}.`)
  const bytes = await number(
    client,
    `SELECT sum(bytes_on_disk) AS n FROM system.parts
     WHERE active AND database = currentDatabase() AND table IN ('decisions', 'decision_days')`,
  )
  return bytes / count
}

async function number(client: ClickHouseClient, query: string): Promise<number> {
  const result = await client.query({ query, format: 'JSONEachRow' })
  const [row] = await result.json<{ n: number | string }>()
  return Number(row?.n ?? 0)
}

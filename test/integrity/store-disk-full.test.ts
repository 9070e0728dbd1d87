import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { ScoredDecision } from '../../schemas/scored-decision.ts'
import { accessScored } from '../../schemas/topics.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { StorageConfig } from '../../services/storage/config.ts'
import { startStorage } from '../../services/storage/main.ts'
import { countInserts } from '../support/store/count-inserts.ts'
import { tempDir } from '../support/gateway/gateway.ts'
import { smallDisk } from '../support/store/small-disk.ts'
import { rowsOf } from '../support/store/temp-engine.ts'

const MIB = 1_048_576
const PER_TICK = 20

it('while the disk of the store is full decisions are taken as ever, a figure and the log say so, and with room again all are stored, once', async (context) => {
  // given a store on a disk of its own, its worker, and decisions that keep coming
  const dir = await tempDir()
  const disk = await smallDisk(join(dir.path, 'disk'), 96 * MIB)
  const undo = [() => dir.release()]
  try {
    if (disk === null) {
      context.skip()
      return
    }
    undo.unshift(() => disk.release())
    const said: string[] = []
    const logger = pino({ level: 'warn' }, { write: (line) => void said.push(line) })
    const metrics = new Registry()
    const engine = await startEngine({ dataDir: disk.path, logger: pino({ level: 'silent' }) })
    undo.unshift(() => engine.stop())
    const client = openClickHouse(engine.endpoint)
    undo.unshift(() => client.close())
    await migrate(client)
    await countInserts(client)
    const log = await openEmbeddedLog({ directory: join(dir.path, 'log') })
    undo.unshift(() => log.close())
    const runtime = { dataDir: dir.path, logger, metrics, eventLog: log }
    const config = StorageConfig.parse({ linger_ms: 100, min_rows: 200 })
    const storage = await startStorage(runtime, config, { endpoint: engine.endpoint })
    undo.unshift(() => storage.stop())
    const golden = await readFile(new URL('../golden/v1/scored-decision.json', import.meta.url), 'utf8')
    const base = ScoredDecision.parse(JSON.parse(golden))
    let made = 0
    const ended = new AbortController()
    const enforcement = (async () => {
      while (!ended.signal.aborted) {
        const records = Array.from({ length: PER_TICK }, (_, n) =>
          jsonRecord(accessScored, { ...base, decision: { ...base.decision, id: `d${made + n}` } }),
        )
        await log.append(records)
        made += PER_TICK
        await pause(20)
      }
    })()
    undo.unshift(async () => {
      ended.abort()
      await enforcement
    })
    const stored = async () =>
      (await rowsOf<{ n: number }>(client, 'SELECT count() AS n FROM decisions'))[0]?.n ?? 0
    const figure = async (line: RegExp) => Number(line.exec(await metrics.metrics())?.[1] ?? 0)
    await expect.poll(stored).toBeGreaterThan(200)

    // when the disk fills
    await disk.fill(0)
    const full = () => figure(/^gatewatch_storage_retries_total\{cause="disk"\} (.*)$/m)
    await expect.poll(full).toBeGreaterThan(0)
    const madeBefore = made

    // then decisions are taken as ever, and whoever looks can see what helps
    await expect.poll(() => made).toBeGreaterThan(madeBefore + 1_000)
    await expect.poll(() => said.join('')).toContain('the disk of the store is full')
    expect(await figure(/^gatewatch_storage_away_seconds (.*)$/m)).toBeGreaterThan(0)
    expect(await figure(/^gatewatch_storage_dead_letters_total\S* (.*)$/m)).toBe(0)

    // and once there is room the store has each decision once, in the table and in what a view made of it
    await disk.free()
    ended.abort()
    await enforcement
    await expect.poll(stored, { interval: 200 }).toBe(made)
    expect(await rowsOf(client, 'SELECT uniqExact(id) AS ids FROM decisions')).toEqual([{ ids: made }])
    expect(await rowsOf(client, 'SELECT sum(rows) AS inserted FROM inserted')).toEqual([{ inserted: made }])
    expect(await figure(/^gatewatch_storage_rows_total\{table="decisions"\} (.*)$/m)).toBe(made)
    expect(await figure(/^gatewatch_storage_away_seconds (.*)$/m)).toBe(0)
  } finally {
    for (const step of undo) await step()
  }
})

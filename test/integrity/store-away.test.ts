import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it, onTestFinished } from 'vitest'
import { ScoredDecision } from '../../schemas/scored-decision.ts'
import { accessScored } from '../../schemas/topics.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { StorageConfig } from '../../services/storage/config.ts'
import { startStorage } from '../../services/storage/main.ts'
import { rowsOf } from '../support/store/temp-engine.ts'

/** GATEWATCH_FULL_OUTAGE=1: the two minutes that are promised; otherwise as much as shows the same. */
const AWAY_MS = process.env['GATEWATCH_FULL_OUTAGE'] === '1' ? 120_000 : 6_000
const EVERY_MS = 10
const PER_TICK = 10

it(
  `while the store is away for ${AWAY_MS / 1000} s decisions are taken as ever, memory stays bounded, and then all of them are stored, once`,
  async () => {
    // given a store, its worker, and decisions that keep coming
    const dataDir = await mkdtemp(join(tmpdir(), 'gatewatch-away-'))
    const logger = pino({ level: 'silent' })
    const metrics = new Registry()
    let engine = await startEngine({ dataDir, logger })
    const client = openClickHouse(engine.endpoint)
    const log = await openEmbeddedLog({ directory: join(dataDir, 'log'), logger })
    const config = StorageConfig.parse({ linger_ms: 200, min_rows: 200 })
    const storage = await startStorage({ dataDir, logger, metrics, eventLog: log }, config, {
      endpoint: engine.endpoint,
    })
    onTestFinished(async () => {
      await storage.stop()
      await client.close()
      await log.close()
      await engine.stop()
      await rm(dataDir, { recursive: true, force: true })
    })
    const golden = await readFile(new URL('../golden/v1/scored-decision.json', import.meta.url), 'utf8')
    const base = ScoredDecision.parse(JSON.parse(golden))
    let made = 0
    const ended = new AbortController()
    const appends: number[] = []
    const enforcement = (async () => {
      while (!ended.signal.aborted) {
        const records = Array.from({ length: PER_TICK }, () =>
          jsonRecord(accessScored, { ...base, decision: { ...base.decision, id: `d${made++}` } }),
        )
        const from = performance.now()
        await log.append(records)
        appends.push(performance.now() - from)
        await pause(EVERY_MS)
      }
    })()
    const stored = async () =>
      (await rowsOf<{ n: number }>(client, 'SELECT count() AS n FROM decisions'))[0]?.n ?? 0
    const away = async () =>
      Number(/^gatewatch_storage_away_seconds (.*)$/m.exec(await metrics.metrics())?.[1] ?? NaN)
    await expect.poll(stored).toBeGreaterThan(200)
    expect(await away()).toBe(0)

    // when the store goes away and comes back
    await engine.stop()
    const madeBefore = made
    const appendsBefore = appends.length
    await pause(AWAY_MS / 2)
    const rssMidway = process.memoryUsage().rss
    await pause(AWAY_MS / 2)
    const rssAtEnd = process.memoryUsage().rss
    const [before, during] = [appends.slice(0, appendsBefore), appends.slice(appendsBefore)].map(median)
    const madeMeanwhile = made - madeBefore
    await expect.poll(away).toBeGreaterThan(AWAY_MS / 2_000)
    engine = await startEngine({ dataDir, logger })

    // then nobody who made decisions noticed, somebody who watches could
    expect(madeMeanwhile).toBeGreaterThan(AWAY_MS / 20)
    // A store that holds up its log would hold it up for its own timeouts, which are seconds.
    expect(during).toBeLessThan(4 * (before ?? NaN) + 250)
    expect(rssAtEnd - rssMidway).toBeLessThan(200 * 1024 * 1024)

    // and the store has caught up with all of it, each decision let in once
    ended.abort()
    await enforcement
    await expect.poll(stored, { interval: 200 }).toBe(made)
    expect(await away()).toBe(0)
    expect(await rowsOf(client, 'SELECT uniqExact(id) AS ids FROM decisions')).toEqual([{ ids: made }])
  },
  600_000 + AWAY_MS,
)

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[list.length >> 1] ?? NaN
}

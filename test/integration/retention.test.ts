import type { ClickHouseClient } from '@clickhouse/client'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { applyRetention } from '../../services/storage/retention/apply-retention.ts'
import { decisionsKeptMs, RetentionConfig } from '../../services/storage/retention/config.ts'
import { eventually } from '../support/eventually.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

const DAY_MS = 86_400_000
const warned: unknown[] = []
const logger = pino({ level: 'warn' }, { write: (line) => void warned.push(JSON.parse(line)) })
const apply = (client: ClickHouseClient, retention: unknown) =>
  applyRetention(client, RetentionConfig.parse(retention), { cluster: undefined, logger })

let store: TempEngine
beforeAll(async () => {
  store = await startTempEngine(undefined, { cold: true })
  await migrate(store.client)
  // Days of three months, so that no two are merged.
  for (const days of [2, 35, 100])
    await store.client.insert({
      table: 'decisions',
      values: [{ id: `${days}`, tenant: 'default', decided_at: ago(days), ingested_at: ago(days) }],
      format: 'JSONEachRow',
      clickhouse_settings: { date_time_input_format: 'best_effort' },
    })
})
afterAll(() => store.close())

it('verification expects decisions for as long as the table keeps them', async () => {
  for (const retention of [{}, { keep_days: { decisions: 120 } }]) {
    await apply(store.client, retention)
    const rows = await rowsOf<{ days: string }>(
      store.client,
      `SELECT extract(engine_full, 'TTL .*?toIntervalDay\\\\((\\\\d+)\\\\)') AS days FROM system.tables WHERE name IN ('decisions', 'dead_letters')`,
    )
    const kept = decisionsKeptMs(RetentionConfig.parse(retention))
    // Dead letters as well: decisions are proven by them.
    expect(rows.map(({ days }) => Number(days) * DAY_MS)).toEqual([kept, kept])
  }
})

it('rows that are old enough move to the cold volume, older ones go, and nothing is done twice', async () => {
  const { client } = store
  const retention = { keep_days: { decisions: 60, findings: 500 }, cold: { policy: 'tiers' } }
  // Dead letters go back to as long as decisions are kept by default, from the longer time of the test before.
  expect(await apply(client, retention)).toEqual(['dead_letters', 'decisions', 'findings'])
  expect(await apply(client, retention)).toEqual([])
  await client.command({ query: 'OPTIMIZE TABLE decisions FINAL' })
  await eventually('what is older than a fortnight is cold', async () => {
    const parts = await rowsOf<{ id: string; disk: string }>(
      client,
      `SELECT id, disk_name AS disk FROM decisions AS d JOIN system.parts AS p ON p.name = d._part AND p.table = 'decisions' AND p.active ORDER BY id`,
    )
    return JSON.stringify(parts) === JSON.stringify([hot, cold])
  })
})
const hot = { id: '2', disk: 'default' }
const cold = { id: '35', disk: 'cold' }

it('without the policy or the volume rows stay where they are, and are kept as long as configured', async () => {
  const { client } = store
  warned.length = 0
  const missing = { keep_days: { verdicts: 30 }, cold: { policy: 'other', after_days: { verdicts: 3 } } }
  expect(await apply(client, missing)).toEqual(['verdicts'])
  const [row] = await rowsOf<{ engine_full: string; storage_policy: string }>(
    client,
    `SELECT engine_full, storage_policy FROM system.tables WHERE name = 'verdicts'`,
  )
  expect(row?.storage_policy).toBe('default')
  expect(row?.engine_full).toContain('toIntervalDay(30)')
  expect(row?.engine_full).not.toContain('VOLUME')
  expect(warned).toEqual([expect.objectContaining({ policy: 'other', volume: 'cold' })])
})

it('what is no table of ours, or would be cold only after it is gone, is refused', async () => {
  await expect(apply(store.client, { keep_days: { schema_migrations: 3 } })).rejects.toMatchObject({
    code: 'ERR_CONFIG_INVALID',
  })
  const late = { keep_days: { decisions: 10 }, cold: { policy: 'tiers', after_days: { decisions: 10 } } }
  expect(RetentionConfig.safeParse(late).success).toBe(false)
})

function ago(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString()
}

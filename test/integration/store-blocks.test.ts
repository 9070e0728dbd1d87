import { readFile } from 'node:fs/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { expect, it } from 'vitest'
import { ScoredDecision } from '../../schemas/scored-decision.ts'
import { readMigrations } from '../../services/runtime/clickhouse/migrate.ts'
import { onEveryStore } from '../support/store/every-store.ts'
import { rollUpAll } from '../support/store/roll-up.ts'
import { storeDecisions } from '../support/store/store-decisions.ts'
import { rowsOf } from '../support/store/temp-engine.ts'

const NOW = Date.now()

const tables = (await readMigrations()).filter(({ sql }) => /^CREATE TABLE/m.test(sql))

it.each(tables.map(({ name, sql }) => [name, sql]))('%s remembers its last blocks', (_, sql) => {
  expect(sql).toMatch(/non_replicated_deduplication_window = \d{4,}/)
})

onEveryStore('port', (store) => {
  it('a block that is repeated, at once, behind others or after a crash of the engine, counts once everywhere', async () => {
    // given a table that adds up what ever got in, which merges can't make right again
    const { client, restart } = store()
    await client.command({
      query: `CREATE TABLE admitted (rows UInt64) ENGINE = MergeTree ORDER BY tuple()
        SETTINGS non_replicated_deduplication_window = 1000`,
    })
    await client.command({
      query: 'CREATE MATERIALIZED VIEW admitted_mv TO admitted AS SELECT count() AS rows FROM decisions',
    })
    const blocks = await Promise.all(['a', 'b', 'c'].map((name) => block(name)))
    const put = async (index: number) => storeDecisions(client, `batch/${index}`, blocks[index] ?? [], NOW)

    // when blocks come again and again
    await put(0)
    await put(0)
    await put(1)
    await put(0)
    await put(2)
    await put(1)
    await restart()
    for (const index of [2, 0, 1, 0]) await put(index)

    // then every row is there once, was let in once, and the roll-up says what a recount says
    expect(await rowsOf(client, 'SELECT count() AS n FROM decisions')).toEqual([{ n: 300 }])
    expect(await rowsOf(client, 'SELECT sum(rows) AS n FROM admitted')).toEqual([{ n: 300 }])
    await rollUpAll(client)
    expect(await rolledUp(client)).toEqual(COUNTED)
  })

  it('the same rows in other blocks, as after a change of their size, change no roll-up', async () => {
    const { client } = store()
    const rows = await block('a')
    await storeDecisions(client, 'other/1', rows.slice(0, 30), NOW)
    await storeDecisions(client, 'other/2', rows.slice(30), NOW)
    expect(await rowsOf(client, 'SELECT count() AS n FROM decisions FINAL')).toEqual([{ n: 300 }])
    await rollUpAll(client)
    expect(await rolledUp(client)).toEqual(COUNTED)
  })
})

const COUNTED = [
  { outcome: 'deny', n: 99, s: 10, by_gateway: 99, by_day: 99, by_subject: 99 },
  { outcome: 'permit', n: 201, s: 10, by_gateway: 201, by_day: 201, by_subject: 201 },
]

/** What each roll-up has counted, by outcome. */
function rolledUp(client: ClickHouseClient): Promise<readonly Record<string, unknown>[]> {
  const sum = (table: string, column = 'decisions') =>
    `SELECT toString(outcome) AS outcome, sum(${column}) AS n FROM ${table} FINAL GROUP BY outcome`
  return rowsOf(
    client,
    `SELECT outcome, hours.n AS n, days.s AS s, gateways.n AS by_gateway, days.n AS by_day, subjects.n AS by_subject
     FROM (${sum('decisions_by_hour')}) AS hours
     JOIN (SELECT toString(outcome) AS outcome, sum(decisions) AS n, uniqCombinedMerge(12)(subjects) AS s FROM decisions_by_day FINAL GROUP BY outcome) AS days USING outcome
     JOIN (${sum('gateways_by_hour')}) AS gateways USING outcome
     JOIN (${sum('subjects_by_day')}) AS subjects USING outcome
     ORDER BY outcome`,
  )
}

/** A hundred decisions within a minute, a third refused, by ten people. */
async function block(name: string): Promise<readonly ScoredDecision[]> {
  const golden = await readFile(new URL('../golden/v1/scored-decision.json', import.meta.url), 'utf8')
  const base = ScoredDecision.parse(JSON.parse(golden))
  return Array.from({ length: 100 }, (_, n) => ({
    ...base,
    decision: {
      ...base.decision,
      id: `${name}-${n}`,
      decided_at: new Date(Date.UTC(2026, 0, 31, 9, 30) + n * 500).toISOString(),
      outcome: n % 3 === 1 ? ('deny' as const) : ('permit' as const),
      subject: { type: 'user' as const, id: `user-${n % 10}` },
    },
  }))
}

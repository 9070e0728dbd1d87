import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate } from '../../services/cli/bench/dashboards/generate.ts'
import { rowsToRead } from '../../services/cli/bench/dashboards/measure.ts'
import { questionsOf } from '../../services/cli/bench/dashboards/panels.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

/**
 * How many rows each query of each panel has to read, on tables that hold
 * something: a key, an index, a roll-up or a constant bound that got lost shows
 * here and not in a year. The engine says it by `EXPLAIN ESTIMATE`, so nothing
 * hangs on how quick the machine is.
 */
const MIGRATIONS = fileURLToPath(new URL('../../schemas/clickhouse/', import.meta.url))
const DAY_MS = 86_400_000
const DAYS = 3
const ROWS = 24_000
/** Granules of 64 rows instead of 8,192 or 1,024: as many of them as a table of three million has. */
const GRANULE = 64

let store: TempEngine
let midnightS = 0
beforeAll(async () => {
  store = await startTempEngine()
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-migrations-'))
  await cp(MIGRATIONS, directory, { recursive: true })
  for (const name of (await readdir(directory)).filter((each) => /^\d{3}_create.*\.sql$/.test(each))) {
    const sql = await readFile(join(directory, name), 'utf8')
    const fine = sql
      .replace(/, index_granularity = \d+/, '')
      .replace('fsync_part_directory = 1', `fsync_part_directory = 1, index_granularity = ${GRANULE}`)
    await writeFile(join(directory, name), fine)
  }
  await migrate(store.client, { directory })
  await rm(directory, { recursive: true })
  // The generated days end with a full one, so that all of them can be rolled up.
  midnightS = Math.floor(Date.now() / DAY_MS) * 86_400
  await generate(store.client, { rows: ROWS, days: DAYS, nowMs: midnightS * 1000, progress() {} })
  for (const table of ['decisions', 'subjects_by_day'])
    await store.client.command({ query: `OPTIMIZE TABLE ${table} FINAL` })
})
afterAll(() => store.close())

/** What a query may read of the decisions of all days, at most, as a share: where it is not nothing. */
const BY_DASHBOARD: Readonly<Record<string, number>> = {
  // its decisions one by one, between its first and its last, and of its subject
  'gatewatch-session': 0.06,
}
const BY_PANEL: Readonly<Record<string, number>> = {
  // counts rows, and reads three columns of them
  'gatewatch-completeness: Stored twice': 1,
  // of its latest hours
  'gatewatch-subject: Latest decisions': 0.2,
}

const BY_SUBJECT = ['stays_by_day', 'uses_by_day', 'subject_scores_by_day', 'groups_by_day']
/** What a query about one thing may read of each of them, at most, as a share; networks and sessions are found by a bloom. */
const BY_THING: Readonly<Record<string, number>> = {
  'gatewatch-subject': 0.06,
  'gatewatch-source': 0.3,
  'gatewatch-session': 0.2,
}

/** Peers are told by everybody's groups, of one day. */
const PEERS: Readonly<Record<string, number>> = {
  'gatewatch-subject: Peers': 1.2 / DAYS,
  'gatewatch-subject: Unlike its peers': 1.2 / DAYS,
}

/** What looks beyond the range says so in its question. */
const HOUR_BY_PANEL: Readonly<Record<string, number>> = {
  // looks a day further back, for what was there before
  'gatewatch-subject: First seen': 0.1,
}

describe('rows to read', () => {
  it('of an hour are of that hour, whatever the tables hold', async () => {
    const shares = await sharesRead(3_600_000)
    expect(shares.size).toBeGreaterThan(80)
    expect([...shares].filter(([name, share]) => share > (HOUR_BY_PANEL[name] ?? 0.05))).toEqual([])
  })

  it('of days that are rolled up are those of the roll-ups', async () => {
    const most = (name: string) => BY_PANEL[name] ?? BY_DASHBOARD[name.slice(0, name.indexOf(':'))] ?? 0.01
    const shares = await sharesRead(DAYS * DAY_MS)
    expect([...shares].filter(([name, share]) => share > most(name))).toEqual([])
  })

  it('of roll-ups by subject are those of the subject, where one is looked at', async () => {
    const sizes = new Map<string, number>()
    for (const table of BY_SUBJECT) {
      const [row] = await rowsOf<{ n: number }>(store.client, `SELECT count() AS n FROM ${table}`)
      sizes.set(table, row?.n ?? 0)
    }
    const most = (name: string) => PEERS[name] ?? BY_THING[name.slice(0, name.indexOf(':'))] ?? 0
    const shares = await sharesRead(DAYS * DAY_MS, sizes, /^gatewatch-(?:subject|source|session):/)
    expect(shares.size).toBeGreaterThan(30)
    expect([...shares].filter(([name, share]) => share > most(name))).toEqual([])
  })
})

describe('figures', () => {
  /** Estimates: the number of members of a set, a quantile of a digest; and an age, which grows. */
  const ESTIMATED = /^(subjects|people|resources|p50|p99|p99_ms|age)$/

  it('follow a filter on a column that no roll-up has, since decisions are read then', async () => {
    const asked = await questionsOf(store.client, midnightS, [
      { name: '', spanMs: DAYS * DAY_MS, only: 'gatewatch-subject' },
    ])
    const { query = '', about = '' } = asked.find(({ panel }) => panel === 'Decisions') ?? {}
    const filter = `action_name = 'GET'`
    const filtered = query.replace('{}', `{'decisions': '${filter.replaceAll("'", "\\'")}'}`)
    const decided = async (sql: string) =>
      Number((await rowsOf<{ decisions: string }>(store.reader, sql))[0]?.decisions)
    const [name] = about.split(':').slice(1)
    const truth = await decided(
      `SELECT uniqExact(id) AS decisions FROM decisions WHERE subject_id = '${name}' AND ${filter}`,
    )
    expect(truth).toBeGreaterThan(0)
    expect(await decided(query)).toBeGreaterThan(truth)
    expect(await decided(filtered)).toBe(truth)
  })

  it('are the same whether days are rolled up or not, from the midst of a day on', async () => {
    const asked = await questionsOf(store.client, midnightS, [{ name: '', spanMs: 2.5 * DAY_MS, points: 50 }])
    const rolled = asked.filter(
      ({ dashboard, panel, query }, index) =>
        query.includes('decision_days') &&
        asked.findIndex((each) => each.dashboard === dashboard && each.panel === panel) === index,
    )
    expect(rolled.length).toBeGreaterThan(40)
    const before = new Map<string, readonly Answer[]>()
    for (const { query } of rolled) before.set(query, await answersTo(query))
    // A day before all of them that is not rolled up, as while history is imported: everything after it is counted anew.
    await store.client.insert({
      table: 'decision_days',
      values: [
        {
          tenant: 'default',
          day: '2020-01-01',
          app: 'old',
          stored_at: '2020-01-02 00:00:00.000',
          rolled_at: 0,
        },
      ],
      format: 'JSONEachRow',
    })
    for (const { dashboard, panel, about, query } of rolled) {
      const [is, was] = [await answersTo(query), before.get(query) ?? []]
      const name = `${dashboard}: ${panel} (${about})`
      expect({ name, rows: is.map(({ exact }) => exact) }).toEqual({
        name,
        rows: was.map(({ exact }) => exact),
      })
      for (const [index, { estimates }] of is.entries())
        for (const [column, value] of Object.entries(estimates)) {
          const other = was[index]?.estimates[column] ?? Number.NaN
          expect({ name, column, near: Math.abs(value - other) <= Math.max(1, 0.1 * value) }).toEqual({
            name,
            column,
            near: true,
          })
        }
    }
  })

  interface Answer {
    readonly exact: string
    readonly estimates: Readonly<Record<string, number>>
  }

  /** Rows in an order that hangs on nothing estimated. */
  async function answersTo(query: string): Promise<readonly Answer[]> {
    const rows = await rowsOf<Record<string, unknown>>(store.reader, query)
    return rows
      .map((row) => {
        const cells = Object.entries(row)
        return {
          exact: JSON.stringify(cells.filter(([column]) => !ESTIMATED.test(column))),
          estimates: Object.fromEntries(
            cells
              .filter(([column]) => ESTIMATED.test(column))
              .map(([column, value]) => [column, Number(value)]),
          ),
        }
      })
      .sort((a, b) => (a.exact < b.exact ? -1 : 1))
  }
})

/** Of each panel the largest share of any of these tables that its query has to read, over the last `spanMs` of them. */
async function sharesRead(
  spanMs: number,
  sizes: ReadonlyMap<string, number> = new Map([['decisions', ROWS]]),
  panels = /./,
): Promise<ReadonlyMap<string, number>> {
  const shares = new Map<string, number>()
  for (const { dashboard, panel, query } of await questionsOf(store.client, midnightS, [
    { name: '', spanMs, points: 100 },
  ])) {
    const name = `${dashboard}: ${panel}`
    // The busiest of each kind is asked for first; the others read less.
    if (shares.has(name) || !panels.test(name)) continue
    const read = await rowsToRead(store.reader, query)
    shares.set(name, Math.max(...[...sizes].map(([table, size]) => (read.get(table) ?? 0) / size)))
  }
  return shares
}

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate } from '../../services/cli/bench/dashboards/generate.ts'
import { rowsToRead } from '../../services/cli/bench/dashboards/measure.ts'
import { questionsOf } from '../../services/cli/bench/dashboards/panels.ts'
import { storeAlerts } from '../../dashboards/alerts/rule-files.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { expandAsGrafana, type Grafana } from '../support/dashboards/grafana-expansion.ts'
import { questions } from '../support/dashboards/questions.ts'
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
  // the hour in which its range begins, on each side of which it counts
  'gatewatch-overview: What changed': 0.03,
  // of its latest hours
  'gatewatch-subject: Latest decisions': 0.2,
}

const BY_SUBJECT = new Set(['stays_by_day', 'uses_by_day', 'subject_scores_by_day', 'groups_by_day'])
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
/** Of any roll-up, where the range is an hour: the rest read none. */
const ROLLED_BY_PANEL: Readonly<Record<string, number>> = {
  // of what peers did on three days
  'gatewatch-subject: Peers': 3 / DAYS,
  'gatewatch-subject: Unlike its peers': 3 / DAYS,
  // of all that is kept of one subject
  'gatewatch-subject: First seen': 0.06,
  // what ninety days knew and the range does not
  'gatewatch-resource: Access that is not used': 1,
  'gatewatch-policy: Rules that match nobody any more': 1,
}
/** Of what is found in decisions, all is little. */
const SMALL = new Set(['decision_days', 'findings', 'stories', 'risk_states', 'verdicts', 'dead_letters'])

describe('rows to read', () => {
  it('of an hour are of that hour, whatever the tables and roll-ups hold', async () => {
    const shares = await sharesRead(await panelsOver(3_600_000))
    expect(shares.size).toBeGreaterThan(80)
    expect(above(shares, (name) => HOUR_BY_PANEL[name] ?? 0.05, isDecisions)).toEqual([])
    expect(above(shares, (name) => ROLLED_BY_PANEL[name] ?? 0, isRolled)).toEqual([])
  })

  it('of days that are rolled up are those of the roll-ups, of the subject where one is looked at', async () => {
    const boardOf = (name: string) => name.slice(0, name.indexOf(':'))
    const shares = await sharesRead(await panelsOver(DAYS * DAY_MS))
    const most = (name: string) => BY_PANEL[name] ?? BY_DASHBOARD[boardOf(name)] ?? 0.01
    expect(above(shares, most, isDecisions)).toEqual([])
    const ofOne = new Map([...shares].filter(([name]) => boardOf(name) in BY_THING))
    expect(ofOne.size).toBeGreaterThan(30)
    const bySubject = (table: string) => BY_SUBJECT.has(table)
    expect(above(ofOne, (name) => PEERS[name] ?? BY_THING[boardOf(name)] ?? 0, bySubject)).toEqual([])
  })

  it('of variables and annotations are those of the calendar, of the range or of what was found', async () => {
    const others = questions.filter(
      ({ kind, sql }, i) => kind !== 'panel' && questions.findIndex((each) => each.sql === sql) === i,
    )
    expect(others.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['variable', 'annotation']))
    const over = (spanMs: number) =>
      others.map(({ name, sql }) => ({ name, query: expandAsGrafana(sql, grafana(spanMs)) }))
    const hour = await sharesRead(over(3_600_000))
    expect(above(hour, () => 0.05, isDecisions)).toEqual([])
    expect(above(hour, () => 0, isRolled)).toEqual([])
    expect(above(await sharesRead(over(DAYS * DAY_MS)), () => 0, isDecisions)).toEqual([])
  })

  it('of alerts are those of the time that they watch', async () => {
    const asked = watching.map(({ name, sql, range_s }) => {
      const [from, to] = [range_s.from, range_s.to].map((ago) => new Date((midnightS - ago) * 1000))
      if (from === undefined || to === undefined) throw new Error(`${name} watches no time`)
      return { name, query: expandAsGrafana(sql, { ...grafana(0), from, to }) }
    })
    // Three hours of two weeks are looked at by the one that watches longest; an hour more is a granule.
    const watched = (name: string) => {
      const { from, to } = watching.find((each) => each.name === name)?.range_s ?? { from: 0, to: 0 }
      return name === 'tenant-silent' ? 0.05 : (from - to + 3600) / (DAYS * 86_400)
    }
    const shares = await sharesRead(asked)
    expect(shares.size).toBe(watching.length)
    expect(above(shares, watched, isDecisions)).toEqual([])
    expect(above(shares, () => 0, isRolled)).toEqual([])
  })
})

const watching = storeAlerts.flatMap(({ alerts }) => alerts)
const isDecisions = (table: string) => table === 'decisions'
const isRolled = (table: string) => table !== 'decisions' && !SMALL.has(table)

/** Who reads more of one of these tables than it may. */
function above(
  shares: ReadonlyMap<string, ReadonlyMap<string, number>>,
  most: (name: string) => number,
  which: (table: string) => boolean,
): readonly string[] {
  return [...shares].flatMap(([name, read]) =>
    [...read]
      .filter(([table, share]) => which(table) && share > most(name))
      .map(([table, share]) => `${name} reads ${share.toFixed(3)} of ${table}`),
  )
}

function grafana(spanMs: number): Grafana {
  const everything = { all: '_all_' }
  return {
    from: new Date(midnightS * 1000 - spanMs),
    to: new Date(midnightS * 1000),
    interval_ms: 3_600_000,
    variables: {
      tenant: 'default',
      app: everything,
      detector: everything,
      level: everything,
      subject: 'user:alice',
      source: '192.0.2.10',
      session: 's-1',
      console: 'http://127.0.0.1:8090',
    },
  }
}

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

  /** The others are counted by hand, in dashboards-figures.test.ts. */
  const COMPARED = /^(Peers|Unlike its peers|Sessions with more than one bearer)$/

  it('are the same whether days are rolled up or not, from the midst of a day on', async () => {
    const asked = await questionsOf(store.client, midnightS, [{ name: '', spanMs: 2.5 * DAY_MS, points: 50 }])
    const rolled = asked.filter(
      ({ dashboard, panel, query }, index) =>
        query.includes('decision_days') &&
        COMPARED.test(panel) &&
        asked.findIndex((each) => each.dashboard === dashboard && each.panel === panel) === index,
    )
    expect(rolled).toHaveLength(3)
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

interface Query {
  readonly name: string
  readonly query: string
}

/** Each panel's query over the last `spanMs`: the busiest of each kind is asked for first, the others read less. */
async function panelsOver(spanMs: number): Promise<readonly Query[]> {
  const asked = await questionsOf(store.client, midnightS, [{ name: '', spanMs, points: 100 }])
  const named = asked.map(({ dashboard, panel, query }) => ({ name: `${dashboard}: ${panel}`, query }))
  return named.filter(({ name }, i) => named.findIndex((each) => each.name === name) === i)
}

/** Which share of each table it has to read. */
async function sharesRead(
  asked: readonly Query[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const sizes = new Map<string, number>()
  const tables = `SELECT name, toUInt32(total_rows) AS size FROM system.tables WHERE database = currentDatabase() AND total_rows > 0`
  for (const { name, size } of await rowsOf<{ name: string; size: number }>(store.client, tables))
    sizes.set(name, size)
  const shares = new Map<string, ReadonlyMap<string, number>>()
  for (const { name, query } of asked) {
    const read = await rowsToRead(store.reader, query)
    shares.set(name, new Map([...read].map(([table, rows]) => [table, rows / (sizes.get(table) ?? rows)])))
  }
  return shares
}

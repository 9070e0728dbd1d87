import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { EVERY_VARIABLE } from '../support/dashboards/every-variable.ts'
import { storeMany, storeOneOfEach } from '../support/dashboards/fill-store.ts'
import { expandAsGrafana, type Grafana, type Value } from '../support/dashboards/grafana-expansion.ts'
import { type Question, questions, sqlOf } from '../support/dashboards/questions.ts'
import { unboundedTables } from '../support/dashboards/time-bounds.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

type Rows = Record<string, unknown>[]

const NOW = Date.now()
const DAY_MS = 86_400_000
/** Whatever a reader may be called, or type. */
const HOSTILE = [
  `it's`,
  `quote" and back\\slash`,
  `\\' OR 1=1 -- `,
  `') OR 1=1 -- /* `,
  'line\nbreak\ttab\0nul',
  'emoji 🙂 and ünïcode',
  '{a,b}&v=c',
  '%27 %5c ${tenant} $__timeFilter(decided_at)',
  '<img src=x onerror=alert(1)>',
  '',
]
const grafana = (variables: Record<string, Value> = {}, more: Partial<Grafana> = {}): Grafana => ({
  from: new Date(NOW - 3_600_000),
  to: new Date(NOW + 1000),
  interval_ms: 30_000,
  ...more,
  variables: { ...EVERY_VARIABLE, ...variables },
})

/** Boards share variables and annotations: what is the same query is run once. */
const distinct = questions.filter(({ sql }, i) => questions.findIndex((one) => one.sql === sql) === i)

let store: TempEngine

beforeAll(async () => {
  store = await startTempEngine()
  await migrate(store.client)
})
afterAll(() => store.close())

describe('on empty tables', () => {
  it.each(distinct)(
    '$name answers whatever the variables hold, and makes up no row',
    async ({ sql, kind }) => {
      const rows = await ask(sql, grafana(typed(HOSTILE.join(''))))
      expect(rows.length).toBeLessThanOrEqual(kind === 'panel' ? 1 : 0)
    },
  )
})

describe('with one row in each table, of hostile names', () => {
  const name = HOSTILE.join(' ').replaceAll('\0', '').slice(0, 256)
  const decision = {
    subject: { type: 'user' as const, id: name, session_id: name, groups: [name] },
    device: { id: name, managed: false, os: name, posture: 'unknown' as const },
    action: { name },
    resource: { type: 'http', id: name, app: name },
    policy: { revision: name.slice(0, 64), rule_id: name, route_id: name, enforcement: 'enforce' as const },
    context: { ip: '198.51.100.7', user_agent: name, tls_fingerprint: name },
  }
  beforeAll(() => storeOneOfEach(store.client, { id: 'hostile', nowMs: NOW, agoMs: 700_000, decision }))
  afterAll(forget)

  it.each(distinct)('$name answers', async ({ sql }) => {
    await expect(ask(sql, grafana(typed(name, 'default')))).resolves.toBeInstanceOf(Array)
  })

  it('each is found by itself', async () => {
    const found = async (panel: string, variables: Record<string, Value>) =>
      Number((await ask(sqlOf(panel), grafana(variables)))[0]?.['decisions'])
    expect(await found('gatewatch-subject: Decisions', { subject: name })).toBe(1)
    expect(await found('gatewatch-subject: Decisions', { subject: `user:${name}` })).toBe(1)
    expect(await found('gatewatch-session: Decisions', { session: name })).toBe(1)
    expect(await found('gatewatch-resource: Decisions', { app: [name] })).toBe(1)
    expect(await found('gatewatch-resource: Decisions', { app: ['records'] })).toBe(0)
    expect(await found('gatewatch-resource: Decisions', { app: [name, 'records'] })).toBe(1)
  })

  it('markup in a name stays text in an annotation', async () => {
    const stories = await ask(sqlOf('gatewatch-overview: @Attacks found'))
    const text = stories.map((row) => String(row['text'])).join('\n')
    expect(text).toContain('&lt;img src=x')
    expect(text).not.toContain('<img')
  })
})

describe('with rows', () => {
  const answers = new Map<string, Rows>()
  beforeAll(async () => {
    await storeMany(store.client, NOW)
    for (const { sql } of distinct) answers.set(sql, await ask(sql))
  })

  /** What the few rows answer with nothing, as it should. */
  const quiet = new Set([
    'gatewatch-resource: Access that is not used',
    'gatewatch-policy: Rules that match nobody any more',
  ])

  it.each(questions.filter(({ name }) => !quiet.has(name)))(
    '$name shows something, with the columns that it links by',
    ({ sql, series, kind, panel }) => {
      const [first = {}] = answers.get(sql) ?? []
      expect(Object.keys(first)).not.toEqual([])
      expect(Object.keys(first)).toEqual(expect.arrayContaining(needed(kind, series)))
      expect(unknownLinks(panel, first)).toEqual([])
    },
  )

  it('numbers are right: 20 decisions, six refused, one repeated row counted once', async () => {
    const number = async (name: string) => Number(Object.values((await ask(sqlOf(name)))[0] ?? {})[0])
    expect(await number('gatewatch-overview: Decisions')).toBe(20)
    expect(await number('gatewatch-overview: Refused')).toBe(0.3)
    expect(await number('gatewatch-overview: Open stories')).toBe(1)
    expect(await number('gatewatch-overview: Restricted now')).toBe(1)
    expect(await number('gatewatch-completeness: Missing')).toBe(2)
    expect(await number('gatewatch-completeness: Stored twice')).toBe(1)
    expect(await number('gatewatch-subject: Highest risk')).toBe(81)
  })

  it('a subject is found with and without its type', async () => {
    for (const subject of ['user:alice', 'alice']) {
      const [row] = await ask(sqlOf('gatewatch-subject: Decisions'), grafana({ subject }))
      expect(Number(row?.['decisions'])).toBe(18)
    }
    const [service] = await ask(sqlOf('gatewatch-subject: Decisions'), grafana({ subject: 'service:alice' }))
    expect(Number(service?.['decisions'])).toBe(0)
  })

  it('peers are those who share a group, and what none of them does stands first', async () => {
    expect(await ask(sqlOf('gatewatch-subject: Peers'))).toMatchObject([
      {
        peer: 'user:bob',
        in_groups: 'staff',
        theirs: 'records',
        used_by_both: 1,
        only_this_one: `it's 🙂`,
        only_the_peer: '',
        requests: 2,
      },
    ])
    expect(await ask(sqlOf('gatewatch-subject: Unlike its peers'))).toMatchObject([
      { application: `it's 🙂`, country: '', peers_who_do: 0, of_peers: 1, requests: 1 },
      { application: '', country: 'PT', peers_who_do: 1, of_peers: 1, requests: 18 },
      { application: 'records', country: '', peers_who_do: 1, of_peers: 1, requests: 17 },
    ])
  })

  it('what changed is held against as long a time before', async () => {
    const later = grafana({}, { from: new Date(NOW - 595_000), to: new Date(NOW - 583_000) })
    const rows = await ask(sqlOf('gatewatch-overview: What changed'), later)
    expect(
      rows.map(({ what, other, in_range, before }) => [what, other, Number(in_range), Number(before)]),
    ).toContainEqual(['refused by rule', 'staff', 3, 2])
  })

  it('a chosen application filters, several do so together, and a comma is part of a name', async () => {
    const decided = async (app: Value) =>
      Number((await ask(sqlOf('gatewatch-overview: Decisions'), grafana({ app })))[0]?.['decisions'])
    expect(await decided(['records'])).toBe(19)
    expect(await decided(['records', "it's 🙂"])).toBe(20)
    expect(await decided('records')).toBe(19)
    expect(await decided(['records,other'])).toBe(0)
    expect(await decided('nothing')).toBe(0)
  })

  it('a filter on a column holds for what reads decisions, and leaves findings alone', async () => {
    const filters = [
      { key: 'decisions.outcome', operator: '=', value: 'deny' },
      { key: 'decisions.context_tls_fingerprint', operator: '=~', value: '^t13d0[12]$' },
    ]
    const number = async (name: string) =>
      Number(Object.values((await ask(sqlOf(name), grafana({}, { filters })))[0] ?? {})[0])
    expect(await number('gatewatch-subject: Decisions')).toBe(4)
    expect(await number('gatewatch-subject: Findings')).toBe(1)
  })

  it('the key serves one subject’s hour: tenant, time and subject', async () => {
    const explained = await explain(
      `SELECT explain FROM (EXPLAIN indexes = 1 ${sqlOf('gatewatch-subject: Decisions')})`,
    )
    const plan = explained.join('\n')
    const primary = plan.slice(plan.indexOf('PrimaryKey'))
    for (const column of ['tenant', 'decided_at', 'subject_id']) expect(primary).toContain(column)
  })

  it.each(distinct)('$name bounds the time of every table that it reads', async ({ sql }) => {
    const ast = await explain(`SELECT explain FROM (EXPLAIN AST ${sql})`)
    expect(unboundedTables(ast)).toEqual([])
  })

  /** These count back from the present or from the end of the range, further than the range. */
  const rolledUp = `toStartOfDay(now(), 'UTC')`
  const ranged = distinct.filter(
    ({ sql, kind }) => kind !== 'variable' && !/now\(\)|INTERVAL 90 DAY/.test(sql.replaceAll(rolledUp, '')),
  )

  it('what happened before and after the range changes no answer', async () => {
    expect(ranged.length).toBeGreaterThan(80)
    const decision = {
      subject: { type: 'user' as const, id: 'carol' },
      policy: { revision: 'r-0', rule_id: 'once', route_id: 'records', enforcement: 'enforce' as const },
    }
    await storeOneOfEach(store.client, { id: 'before', nowMs: NOW, agoMs: 80 * DAY_MS, decision })
    await storeOneOfEach(store.client, { id: 'after', nowMs: NOW, agoMs: -3_600_000 })
    const others: Record<string, { before: unknown; after: Rows }> = {}
    for (const { name, sql } of ranged) {
      const [before, after] = [answers.get(sql), await ask(sql)]
      if (!isDeepStrictEqual(before, after)) others[name] = { before, after }
    }
    expect(others).toEqual({})
  })

  it('what was used before the range and not in it shows as not used', async () => {
    const unused = await ask(sqlOf('gatewatch-resource: Access that is not used'))
    expect(unused).toMatchObject([
      { subject: 'user:carol', application: 'records', permitted: 1, days_ago: 80 },
    ])
    for (const { panel } of questions.filter(({ name }) => name.endsWith(': Access that is not used')))
      expect(unknownLinks(panel, unused[0])).toEqual([])
    expect(await ask(sqlOf('gatewatch-policy: Rules that match nobody any more'))).toMatchObject([
      { rule: 'once', route: 'records', decided: 1 },
    ])
  })

  it.each(HOSTILE)('a hostile value of a variable is a value and nothing else: %j', async (value) => {
    const [zero] = await ask(sqlOf('gatewatch-overview: Decisions'), grafana(typed(value)))
    expect(Number(zero?.['decisions'])).toBe(0)
    const [nobody] = await ask(
      sqlOf('gatewatch-subject: Decisions'),
      grafana({ ...typed(value), tenant: 'default' }),
    )
    expect(Number(nobody?.['decisions'])).toBe(0)
  })
})

/** Columns without which Grafana can't draw what it is given. */
function needed(kind: Question['kind'], series: boolean): string[] {
  if (kind === 'annotation') return ['time', 'text', 'tags']
  return series ? ['time'] : []
}

/** Fields that a panel's links name and its rows do not have. */
function unknownLinks(panel: Question['panel'], row: Record<string, unknown> = {}): string[] {
  const links = JSON.stringify(panel?.fieldConfig ?? {}).matchAll(/__data\.fields\.(\w+)/g)
  return [...links].map(([, field = '']) => field).filter((field) => !(field in row))
}

/** The same text in every variable. */
function typed(value: string, tenant = value): Record<string, Value> {
  return {
    tenant,
    subject: value,
    source: value,
    session: value,
    app: [value, 'other'],
    detector: value,
    level: [value],
    gateway: [value],
  }
}

async function ask(sql: string, as: Grafana = grafana()): Promise<Rows> {
  const expanded = expandAsGrafana(sql, as)
  expect(expanded).not.toMatch(/\$\{|\$__/)
  return rowsOf<Record<string, unknown>>(store.reader, expanded)
}

/** Who can only read may explain no plan. */
async function explain(sql: string): Promise<string[]> {
  const rows = await rowsOf<{ explain: string }>(store.client, expandAsGrafana(sql, grafana()))
  return rows.map((row) => row.explain)
}

/** Nothing is left of what was stored before. */
async function forget(): Promise<void> {
  const tables = await rowsOf<{ name: string }>(
    store.client,
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name NOT LIKE '%migrations%'`,
  )
  for (const { name } of tables) await store.client.command({ query: `TRUNCATE TABLE ${name}` })
}

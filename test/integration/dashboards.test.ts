import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { dashboards, fileOf } from '../../dashboards/catalogue.ts'
import type { Row } from '../../schemas/clickhouse/decision-row.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { type Engine, startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { findingRow } from '../../services/storage/rows/finding-row.ts'
import { riskStateRow } from '../../services/storage/rows/risk-state-row.ts'
import { storyRow } from '../../services/storage/rows/story-row.ts'
import { verdictRow } from '../../services/storage/rows/verdict-row.ts'
import { registeredMetrics } from '../support/deploy/registered-metrics.ts'
import { metricsIn } from '../support/deploy/rules.ts'
import { expand, expandVariables, type GrafanaContext } from '../../services/console/dashboards/macros.ts'
import { storeDecisions } from '../support/store-decisions.ts'
import { sampleFinding, sampleRisk, sampleScored, sampleStory, sampleVerdict } from '../support/samples.ts'

const SqlTarget = z.object({ rawSql: z.string(), queryType: z.string() })
const PromTarget = z.object({ expr: z.string() })
const VariableQuery = z.object({ type: z.literal('query'), name: z.string(), query: z.string() })
const built = dashboards()
const NOW = Date.now()
const at = (agoMs: number) => new Date(NOW - agoMs).toISOString()
const context = (variables: GrafanaContext['variables'] = {}): GrafanaContext => ({
  from: new Date(NOW - 3_600_000),
  to: new Date(NOW + 1000),
  interval_s: 30,
  variables: {
    tenant: 'default',
    app: '_all_',
    detector: '_all_',
    level: '_all_',
    subject: 'user:alice',
    source: '192.0.2.10',
    session: 's-1',
    console: 'http://127.0.0.1:8090',
    ...variables,
  },
})

const allPanels = built.flatMap((dashboard) =>
  panelsOf(dashboard).map((panel) => ({ name: `${dashboard.uid}: ${panel.title}`, panel })),
)
const panels = allPanels.flatMap(({ name, panel }) => {
  const targets = z.array(SqlTarget).min(1).safeParse(panel.targets)
  return targets.success ? [{ name, panel, targets: targets.data }] : []
})
const variableQueries = built.flatMap((dashboard) =>
  (dashboard.templating?.list ?? []).flatMap((variable) => {
    const query = VariableQuery.safeParse(variable)
    return query.success ? [{ name: `${dashboard.uid}: $${query.data.name}`, sql: query.data.query }] : []
  }),
)

const directory = await mkdtemp(join(tmpdir(), 'gatewatch-dashboards-'))
let engine: Engine
let client: ClickHouseClient

beforeAll(async () => {
  engine = await startEngine({ dataDir: directory, logger: pino({ level: 'silent' }) })
  const writer = openClickHouse(engine.endpoint)
  await migrate(writer)
  await writer.close()
  // As Grafana should: the account that can only read.
  client = openClickHouse(engine.endpoint, { readonly: true })
})

afterAll(async () => {
  await client.close()
  await engine.stop()
  await rm(directory, { recursive: true, force: true })
})

describe('on empty tables', () => {
  it.each(panels)('$name answers', async ({ targets }) => {
    for (const { rawSql } of targets) await expect(run(rawSql, context())).resolves.toBeInstanceOf(Array)
  })

  it.each(variableQueries)('$name answers', async ({ sql }) => {
    await expect(run(sql, context())).resolves.toEqual([])
  })
})

describe('with rows', () => {
  beforeAll(insertSamples)

  /** Panels whose question the few sample rows answer with nothing. */
  const quiet = new Set([
    'gatewatch-pipeline: Dead letters by reason',
    'gatewatch-detectors: Suppression',
    'gatewatch-completeness: Dead letters by reason',
    'gatewatch-completeness: Newest dead letters',
  ])

  it.each(panels.filter(({ name }) => !quiet.has(name)))('$name shows something', async ({ targets }) => {
    for (const { rawSql, queryType } of targets) {
      const found = await run(rawSql, context())
      expect(found.length).toBeGreaterThan(0)
      expect(Object.keys(found[0] ?? {}).includes('time')).toBe(queryType === 'timeseries')
    }
  })

  it.each(variableQueries)('$name offers values', async ({ sql }) => {
    expect((await run(sql, context())).length).toBeGreaterThan(0)
  })

  it('numbers are right: 20 decisions, six refused, one repeated row counted once', async () => {
    const numbers = async (title: string) => Object.values((await run(sqlOf(title), context()))[0] ?? {})[0]
    expect(Number(await numbers('gatewatch-overview: Decisions'))).toBe(20)
    expect(Number(await numbers('gatewatch-overview: Refused'))).toBe(0.3)
    expect(Number(await numbers('gatewatch-overview: Open stories'))).toBe(1)
    expect(Number(await numbers('gatewatch-overview: Restricted now'))).toBe(1)
    expect(Number(await numbers('gatewatch-completeness: Missing'))).toBe(2)
    expect(Number(await numbers('gatewatch-completeness: Stored twice'))).toBe(1)
    expect(Number(await numbers('gatewatch-subject: Highest risk'))).toBe(81)
  })

  it('a subject is found with and without its type', async () => {
    for (const subject of ['user:alice', 'alice']) {
      const [row] = await run(sqlOf('gatewatch-subject: Decisions'), context({ subject }))
      expect(Number(row?.['decisions'])).toBe(18)
    }
  })

  const hostile = [
    `it's`,
    `quote" and back\\slash`,
    `\\' OR 1=1 -- `,
    `') OR 1=1 -- `,
    'line\nbreak\ttab\0nul',
    'emoji 🙂 and ünïcode',
    '{a,b}',
    '%27 %5c ${tenant}',
    '',
  ]
  const everywhere = (value: string) =>
    context({ subject: value, source: value, session: value, tenant: value, app: [value, 'other'], detector: value, level: [value] })

  it.each(hostile)('a hostile value of a variable is a value and nothing else: %j', async (value) => {
    const zero = await run(sqlOf('gatewatch-overview: Decisions'), everywhere(value))
    expect(Number(zero[0]?.['decisions'])).toBe(0)
    for (const { sql } of variableQueries)
      await expect(run(sql, everywhere(value))).resolves.toBeInstanceOf(Array)
  })

  it.each(panels)('$name bears all of them in one value', async ({ targets }) => {
    for (const { rawSql } of targets)
      await expect(run(rawSql, everywhere(hostile.join('')))).resolves.toBeInstanceOf(Array)
  })

  it('a chosen application filters, several do so together', async () => {
    const decided = async (app: string | string[]) =>
      Number((await run(sqlOf('gatewatch-overview: Decisions'), context({ app })))[0]?.['decisions'])
    expect(await decided('records')).toBe(19)
    expect(await decided(['records', "it's 🙂"])).toBe(20)
    expect(await decided('nothing')).toBe(0)
  })

  it('a panel of one hour reads by the primary key, not the whole table', async () => {
    const explained = await run(`EXPLAIN indexes = 1 ${sqlOf('gatewatch-subject: Decisions')}`, context())
    const plan = explained.map((row) => String(row['explain'])).join('\n')
    const primary = plan.slice(plan.indexOf('PrimaryKey'))
    expect(primary).toContain('tenant')
    expect(primary).toContain('toStartOfHour(decided_at)')
    expect(primary).toContain('subject_id')
  })
})

describe('every dashboard', () => {
  it('bounds the time of every query', () => {
    const bounded = /\$__timeFilter(_ms)?\(|now\(\) - INTERVAL|\$__toTime_ms - INTERVAL/
    const queries = [
      ...panels.flatMap(({ name, targets }) => targets.map(({ rawSql }) => ({ name, sql: rawSql }))),
      ...variableQueries,
    ]
    expect(queries.filter(({ sql }) => !bounded.test(sql)).map(({ name }) => name)).toEqual([])
  })

  it('asks a question in the description of every panel', () => {
    const silent = allPanels.filter(({ panel }) => !panel.description?.includes('?'))
    expect(silent.map(({ name }) => name)).toEqual([])
  })

  it('reads metrics that some process has', () => {
    const registered = registeredMetrics()
    const expressions = allPanels.flatMap(
      ({ panel }) => z.array(PromTarget).safeParse(panel.targets).data ?? [],
    )
    const read = expressions.flatMap(({ expr }) => metricsIn(expr))
    expect(read.length).toBeGreaterThan(0)
    expect(read.filter((name) => !registered.has(name))).toEqual([])
  })

  it('has stable, unique ids', () => {
    expect(built.map((dashboard) => dashboard.uid)).toEqual([
      'gatewatch-overview',
      'gatewatch-subject',
      'gatewatch-source',
      'gatewatch-session',
      'gatewatch-resource',
      'gatewatch-detectors',
      'gatewatch-policy',
      'gatewatch-gateways',
      'gatewatch-pipeline',
      'gatewatch-completeness',
    ])
    for (const dashboard of built) {
      const ids = panelsOf(dashboard).map((panel) => panel.id)
      expect(new Set(ids).size).toBe(ids.length)
    }
  })

  it('links to dashboards and variables that exist', () => {
    const uids = new Set(built.map((dashboard) => dashboard.uid))
    for (const dashboard of built) {
      const names = new Set((dashboard.templating?.list ?? []).map((variable) => variable.name))
      const text = JSON.stringify(dashboard)
      for (const [, uid] of text.matchAll(/\/d\/([\w-]+)/g)) expect(uids).toContain(uid)
      for (const [, name] of text.matchAll(/\$\{([a-z]\w*)(?::\w+)?\}/g)) expect(names).toContain(name)
      for (const [, , name] of text.matchAll(/(\/d\/gatewatch-subject\?)var-(\w+)/g))
        expect(['subject', 'tenant']).toContain(name)
    }
  })

  it('links by fields that the query of its panel gives', async () => {
    for (const { name, panel, targets } of panels) {
      const fields = [...JSON.stringify(panel.fieldConfig ?? {}).matchAll(/__data\.fields\.(\w+)/g)].map(
        ([, field]) => field,
      )
      const columns = new Set(
        (await run(`DESCRIBE TABLE (${targets[0]?.rawSql ?? ''})`, context())).map((row) => row['name']),
      )
      expect({ name, unknown: fields.filter((field) => !columns.has(field ?? '')) }).toEqual({
        name,
        unknown: [],
      })
    }
  })

  it('is the one under deploy/grafana; `node dashboards/generate.ts` writes it anew', async () => {
    for (const dashboard of built) {
      const { name, text } = fileOf(dashboard)
      const kept = await readFile(new URL(`../../deploy/grafana/dashboards/${name}`, import.meta.url), 'utf8')
      expect(JSON.parse(kept)).toEqual(JSON.parse(text))
    }
  })

  it('leaves no variable or macro behind that nothing expands', () => {
    const left = panels.filter(({ targets }) =>
      targets.some(({ rawSql }) => expand(rawSql, context()).includes('$')),
    )
    expect(left.map(({ name }) => name)).toEqual([])
    expect(expandVariables('${unknown}', {})).toBe('${unknown}')
  })
})

async function run(sql: string, grafana: GrafanaContext): Promise<Record<string, unknown>[]> {
  const answer = await client.query({ query: expand(sql, grafana), format: 'JSONEachRow' })
  return answer.json<Record<string, unknown>>()
}

function panelsOf(dashboard: Dashboard): Panel[] {
  return (dashboard.panels ?? []).flatMap((panel) =>
    panel.type === 'row' ? panelsOfRow(panel) : [toPanel(panel)],
  )
}

function panelsOfRow(row: object): Panel[] {
  return 'panels' in row && Array.isArray(row.panels) ? row.panels.map(toPanel) : []
}

/** Whatever is no row is a panel; the SDK's union does not tell the two apart by `type`. */
function toPanel(panel: Panel): Panel {
  return panel
}

function sqlOf(name: string): string {
  const sql = panels.find((panel) => panel.name === name)?.targets[0]?.rawSql
  if (sql === undefined) throw new Error(`there is no panel "${name}"`)
  return sql
}

async function insertSamples(): Promise<void> {
  const policyFacts = {
    revision: 'r-1',
    rule_id: 'staff',
    route_id: 'records',
    enforcement: 'enforce' as const,
  }
  const writer = openClickHouse(engine.endpoint)
  const rows = Array.from({ length: 20 }, (_, i) =>
    sampleScored({
      id: `d-${i}`,
      decided_at: at(600_000 - i * 1000),
      outcome: i % 4 === 0 ? (i === 4 ? 'error_closed' : 'deny') : 'permit',
      reasons: i % 4 === 0 ? [i === 8 ? 'credentials_rejected' : 'policy_deny'] : ['policy_permit'],
      ...(i === 3 && { would_be: 'step_up' as const }),
      ...(i === 7 && { policy: { ...policyFacts, shadow: { revision: 'r-2', outcome: 'deny' as const } } }),
      // A session that changes hands, and a device that two people use and that falls out of posture.
      context: { ip: '192.0.2.10', user_agent: 'test', tls_fingerprint: i === 9 ? 't13d02' : 't13d01' },
      device: { id: 'laptop-1', managed: true, posture: i < 18 ? 'compliant' : 'not_compliant' },
      // Bob got in under r-1, and does not under r-2.
      ...(i === 17 && { subject: { type: 'user', id: 'bob', session_id: 's-2' } }),
      ...(i === 18 && {
        outcome: 'deny' as const,
        reasons: ['policy_deny' as const],
        policy: { ...policyFacts, revision: 'r-2' },
      }),
      ...(i === 18 && { subject: { type: 'user', id: 'bob', session_id: 's-2' } }),
      // 5 and 6 were never stored: two are missing.
      pep: { id: 'gw-1', boot_id: 'boot-1', seq: i < 5 ? i : i + 2 },
      ...(i === 19 && { resource: { type: 'http', id: '/x', app: "it's 🙂" } }),
    }),
  )
  const put = (table: string, token: string, values: readonly Row[]) =>
    writer.insert({
      table,
      values,
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplication_token: token },
    })
  // Merges would remove the repeat that the panel is about.
  await writer.command({ query: 'SYSTEM STOP MERGES decisions' })
  await storeDecisions(writer, 'first', rows, NOW)
  await storeDecisions(writer, 'again', rows.slice(0, 1), NOW)
  await put('findings', 'f', [findingRow(sampleFinding({ id: 'f-1', observed_at: at(500_000) }), NOW)])
  await put('stories', 's', [storyRow(sampleStory({ id: 'story-1', observed_at: at(500_000) }), NOW)])
  await put('verdicts', 'v', [verdictRow(sampleVerdict({ id: 'v-1', decided_at: at(400_000) }), NOW)])
  await put('risk_states', 'r', [
    riskStateRow(sampleRisk({ updated_at: at(500_000) }), NOW),
    riskStateRow(sampleRisk({ updated_at: at(450_000), revision: 2, score: 81, level: 'HIGH' }), NOW),
    riskStateRow(
      sampleRisk({
        updated_at: at(450_000),
        entity: { type: 'subject', id: 'user:bob' },
        level: 'LOW',
        withheld: 'break_glass',
      }),
      NOW,
    ),
  ])
  await writer.close()
}

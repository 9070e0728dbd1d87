import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate, readMigrations } from '../../services/runtime/clickhouse/migrate.ts'
import { clusterRecordTable, clusterStatements } from '../../services/runtime/clickhouse/cluster-ddl.ts'
import { readRollUps } from '../../services/storage/roll-up/roll-ups.ts'
import { runOnEngine } from '../support/deploy/as-reader.ts'
import { startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

/**
 * No cluster is to be had here. The engine parses every statement as it is, and
 * runs them as the one node of a cluster of its own: without `ON CLUSTER`, which
 * needs a server's worker, and, since it serves no replica, filling plain tables
 * where a cluster's are Replicated.
 */
let store: TempEngine
beforeAll(async () => {
  store = await startTempEngine()
})
afterAll(() => store.close())

const target = { cluster: 'main', database: 'gatewatch' }
const migrations = await readMigrations()

/** The statement as the engine understands it; throws where it doesn't. */
async function understood(sql: string): Promise<string> {
  const result = await store.client.query({
    query: 'SELECT formatQuery({sql:String}) AS text',
    query_params: { sql },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ text: string }>()
  return row?.text ?? ''
}

describe.each(migrations.map(({ name, sql }) => [name, sql] as const))('%s on a cluster', (_, sql) => {
  const statements = clusterStatements(sql, target)

  it('is made of statements that the engine parses, all of them on the cluster', async () => {
    expect(statements.length).toBeGreaterThan(0)
    for (const statement of statements) {
      const text = await understood(statement)
      // What makes rows of rows runs once, through the tables that are over all nodes.
      const overAll = text.startsWith('INSERT') ? !text.includes('_local') : text.includes('ON CLUSTER main')
      expect({ text, overAll }).toEqual({ text, overAll: true })
    }
  })

  it('writes only to replicated tables, and forgets no block for a week', async () => {
    const [local = ''] = statements
    if (!local.startsWith('CREATE TABLE')) return
    const text = await understood(local)
    expect(text).toMatch(/CREATE TABLE IF NOT EXISTS \w+_local ON CLUSTER main/)
    expect(text).toMatch(
      /ENGINE = Replicated\w+MergeTree\('\/clickhouse\/tables\/\{shard\}\/gatewatch\/\w+_local', '\{replica\}'/,
    )
    expect(text).toMatch(
      / replicated_deduplication_window = \d+, replicated_deduplication_window_seconds = 604800/,
    )
    expect(text).not.toContain('non_replicated')
  })
})

it('a revision that an engine compares stays its argument behind path and replica', () => {
  const findings = migrations.find(({ name }) => name === '002_create_findings')
  expect(clusterStatements(findings?.sql ?? '', target)[0]).toContain("'{replica}', revision)")
})

it('rows are spread by what copies of an event share', async () => {
  const keys = migrations.flatMap(({ sql }) =>
    clusterStatements(sql, target).flatMap((text) => /Distributed\((.*)\)$/.exec(text)?.[1] ?? []),
  )
  expect(keys).toEqual([
    "'main', 'gatewatch', decisions_local, cityHash64(tenant, subject_id)",
    "'main', 'gatewatch', findings_local, cityHash64(tenant, id)",
    "'main', 'gatewatch', stories_local, cityHash64(tenant, id)",
    "'main', 'gatewatch', risk_states_local, cityHash64(tenant, entity_type, entity_id)",
    "'main', 'gatewatch', verdicts_local, cityHash64(tenant, id)",
    "'main', 'gatewatch', dead_letters_local, cityHash64(topic, partition, offset)",
    "'main', 'gatewatch', decisions_by_minute_local",
    "'main', 'gatewatch', decision_days_local, cityHash64(tenant, day)",
    "'main', 'gatewatch', decisions_by_hour_local, cityHash64(tenant, hour)",
    "'main', 'gatewatch', decisions_by_day_local, cityHash64(tenant, day)",
    "'main', 'gatewatch', subjects_by_day_local, cityHash64(tenant, subject_id)",
    "'main', 'gatewatch', gateways_by_hour_local, cityHash64(tenant, hour)",
    "'main', 'gatewatch', speeds_by_hour_local, cityHash64(tenant, hour)",
    "'main', 'gatewatch', devices_by_day_local, cityHash64(tenant, device_id)",
    "'main', 'gatewatch', shared_sessions_by_day_local, cityHash64(tenant, subject_id)",
    "'main', 'gatewatch', scores_by_hour_local, cityHash64(tenant, hour)",
    "'main', 'gatewatch', subjects_by_hour_local, cityHash64(tenant, hour)",
    "'main', 'gatewatch', stays_by_day_local, cityHash64(tenant, subject_id)",
    "'main', 'gatewatch', uses_by_day_local, cityHash64(tenant, subject_id)",
    "'main', 'gatewatch', subject_scores_by_day_local, cityHash64(tenant, subject_id)",
    "'main', 'gatewatch', groups_by_day_local, cityHash64(tenant, subject_id)",
    "'main', 'gatewatch', roll_up_pieces_local, cityHash64(tenant, day)",
  ])
})

it('a view reads and fills the tables of its own node', () => {
  const view = migrations.find(({ name }) => name === '012_create_decision_days_mv')
  const [text = ''] = clusterStatements(view?.sql ?? '', target)
  expect(text).toContain("ON CLUSTER 'main' TO decision_days_local AS")
  expect(text).toContain('FROM decisions_local AS stored')
})

it.each([
  ['ALTER TABLE decisions ADD COLUMN x String', ['decisions_local', 'decisions']],
  ['ALTER TABLE decisions MODIFY SETTING merge_with_ttl_timeout = 1', ['decisions_local']],
])('%s changes every table that it concerns', async (sql, tables) => {
  const statements = clusterStatements(`-- why\n${sql}\n`, target)
  expect(statements.map((text) => /^ALTER TABLE (\w+) ON CLUSTER 'main'/.exec(text)?.[1])).toEqual(tables)
  for (const statement of statements) await understood(statement)
})

it('what is dropped is dropped on every node, the table below as well', async () => {
  expect(clusterStatements('DROP VIEW IF EXISTS old_mv', target)).toEqual([
    "DROP VIEW IF EXISTS old_mv ON CLUSTER 'main'",
  ])
  expect(clusterStatements('DROP TABLE IF EXISTS old', target)).toEqual([
    "DROP TABLE IF EXISTS old ON CLUSTER 'main'",
    "DROP TABLE IF EXISTS old_local ON CLUSTER 'main'",
  ])
})

it('a statement that has no form for a cluster is no migration', () => {
  expect(() => clusterStatements('RENAME TABLE decisions TO others', target)).toThrow(TypeError)
})

describe('as the one node of a cluster', () => {
  const NODE = `<tcp_port>9000</tcp_port><macros><shard>1</shard><replica>a</replica></macros>
    <zookeeper><implementation>testkeeper</implementation></zookeeper>
    <remote_servers><main><shard><internal_replication>true</internal_replication>
      <replica><host>127.0.0.1</host><port>9000</port></replica></shard></main></remote_servers>
    <profiles></profiles><users><default><no_password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users>`
  const statements = migrations.flatMap(({ sql }) => clusterStatements(sql, target))
  const own = (text: string) => text.replace(/ ON CLUSTER 'main'/, '')
  const plain = (text: string) =>
    own(text)
      .replace(/^ENGINE = Replicated(\w+)\('[^']*', '\{replica\}'(?:, )?/m, 'ENGINE = $1(')
      .replace(
        /replicated_deduplication_window = (\d+), replicated_deduplication_window_seconds = \d+/,
        'non_replicated_deduplication_window = $1',
      )

  it('every table is made, and a block that is repeated through those over all nodes is stored and rolled up once', async () => {
    const replicated = statements.filter((text) => text.startsWith('CREATE TABLE')).map(own)
    const insert = `INSERT INTO decisions (id, tenant, decided_at, ingested_at, subject_type, subject_id, resource_app, outcome)
      SELECT toString(number), 'default', toDateTime64('2026-01-31 10:00:00', 3, 'UTC'), now(), 'user', 'alice', 'wiki', 'permit' FROM numbers(50)
      SETTINGS insert_deduplication_token = 'a block', distributed_foreground_insert = 1`
    const day = new Map([
      ['tenant', 'default'],
      ['since', '2026-01-31 00:00:00'],
      ['until', '2026-02-01 00:00:00'],
    ])
    const rollUps = (await readRollUps()).map(({ sql }) =>
      sql.replaceAll(/\{(\w+):String\}/g, (_, name: string) => `'${day.get(name) ?? ''}'`),
    )
    const list = [
      'CREATE DATABASE replicated',
      'USE replicated',
      ...replicated,
      'CREATE DATABASE gatewatch',
      'USE gatewatch',
      ...statements.map(plain),
      insert,
      insert,
      ...rollUps,
      ...rollUps,
      `SELECT toInt32((SELECT count() FROM decisions)) AS decisions, toInt32((SELECT count() FROM decisions_local)) AS here, toInt32((SELECT count() FROM decision_days_local)) AS days,
        toInt32((SELECT sum(decisions) FROM subjects_by_day FINAL)) AS by_day, toInt32((SELECT sum(decisions) FROM uses_by_day FINAL)) AS uses`,
    ]
    const dataDir = await mkdtemp(join(tmpdir(), 'gatewatch-node-'))
    try {
      await mkdir(join(dataDir, 'clickhouse'))
      const answers = await runOnEngine(dataDir, NODE, list)
      expect(answers.flatMap((answer, i) => ('error' in answer ? [[list[i], answer.error]] : []))).toEqual([])
      expect(answers.at(-1)).toEqual({ rows: [{ decisions: 50, here: 50, days: 1, by_day: 50, uses: 50 }] })
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
    expect(replicated.filter((text) => /ENGINE = Replicated/.test(text)).length).toBe(replicated.length / 2)
  })
})

it('what is written down about migrations is one table for all shards', async () => {
  expect(await understood(clusterRecordTable(target))).toContain("schema_migrations', '{shard}-{replica}')")
})

it('a dry run says what a cluster would run, and runs nothing', async () => {
  const { applied } = await migrate(store.client, { dryRun: true, cluster: 'main' })
  expect(applied.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name))
  expect(applied[0]?.statements).toEqual(clusterStatements(migrations[0]?.sql ?? '', target))
  const result = await store.client.query({ query: 'SHOW TABLES', format: 'JSONEachRow' })
  expect(await result.json()).toEqual([])
})

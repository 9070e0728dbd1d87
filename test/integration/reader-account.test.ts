import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { READER_LIMITS } from '../../services/runtime/clickhouse/readers/limits.ts'
import type { Reader, StoredTable } from '../../services/runtime/clickhouse/readers/reader.ts'
import { readerStatements } from '../../services/runtime/clickhouse/readers/reader-sql.ts'
import { profileXml, readerXml } from '../../services/runtime/clickhouse/readers/reader-xml.ts'
import { storedTables } from '../../services/runtime/clickhouse/readers/stored-tables.ts'
import { runCliProcess } from '../support/whole/cli-process.ts'
import { runAsAdministrator, runAsReader, type Answer } from '../support/deploy/as-reader.ts'
import { sampleScored } from '../support/events/samples.ts'
import { storeDecisions } from '../support/store/store-decisions.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

const HOSTILE = `it's <acme> & "co" \\ 🙂`
const DATABASE = 'gatewatch'
const everything: Reader = { name: 'gatewatch_reader', password_sha256: 'a'.repeat(64), tenant: null }
const oneTenant: Reader = { ...everything, name: 'gatewatch_reader_acme', tenant: HOSTILE }

let store: TempEngine
let tables: readonly StoredTable[]

beforeAll(async () => {
  store = await startTempEngine()
  await migrate(store.client)
  tables = await storedTables(store.client)
  const now = Date.now()
  const decided_at = new Date(now - 1000).toISOString()
  const rows = [HOSTILE, 'default', 'default'].map((tenant, i) =>
    sampleScored({ id: `d-${i}`, decided_at, tenant }),
  )
  await storeDecisions(store.client, 'block', rows, now)
})
afterAll(() => store.close())

describe('as SQL', () => {
  it('is what ClickHouse can parse on a cluster, whatever the tenant is called', async () => {
    const statements = [everything, oneTenant].flatMap((reader) =>
      readerStatements({ database: DATABASE, writer: 'gatewatch', reader, tables, cluster: 'gatewatch' }),
    )
    const refused: string[] = []
    for (const statement of statements) if (!(await parsed(statement))) refused.push(statement)
    expect(refused).toEqual([])
    expect(await parsed('CREATE ROW POLICY OR ELSE x ON y')).toBe(false)
  })

  it('closes every table that says whose its rows are, and leaves out the others', () => {
    const statements = readerStatements({
      database: DATABASE,
      writer: 'gatewatch',
      reader: oneTenant,
      tables,
    })
    const of = (pattern: RegExp) =>
      statements.flatMap((statement) => pattern.exec(statement)?.[1] ?? []).sort()
    const own = tables.filter(({ has_tenant }) => has_tenant).map(({ name }) => name)
    expect(own).toContain('decisions')
    expect(of(/^GRANT SELECT ON gatewatch\.(\w+)/)).toEqual(own.toSorted())
    expect(of(/^CREATE ROW POLICY OR REPLACE gatewatch_reader_acme_rows ON gatewatch\.(\w+)/)).toEqual(
      own.toSorted(),
    )
    // Whoever has no policy may see nothing, once another has one.
    expect(of(/^CREATE ROW POLICY OR REPLACE gatewatch_writer_rows ON gatewatch\.(\w+)/)).toEqual(
      own.toSorted(),
    )
  })

  it.each([{ name: 'x; DROP' }, { name: '' }, { password_sha256: 'secret' }])(
    'refuses what is no account: %j',
    (wrong) => {
      const reader = { ...everything, ...wrong }
      expect(() => readerStatements({ database: DATABASE, writer: 'w', reader, tables })).toThrow(
        /account|SHA/,
      )
      expect(() => readerXml(reader, DATABASE, tables)).toThrow(/account|SHA/)
    },
  )

  it('knows every table of the store, so that a new one is never forgotten', async () => {
    const found = await rowsOf<{ name: string }>(
      store.client,
      `SELECT name FROM system.tables WHERE database = '${DATABASE}' AND engine != 'MaterializedView'`,
    )
    expect(tables.map(({ name }) => name).sort()).toEqual(found.map(({ name }) => name).sort())
    // Rows of several tenants that do not say whose they are: no account of a tenant gets these.
    expect(tables.filter(({ has_tenant }) => !has_tenant).map(({ name }) => name)).toEqual([
      'dead_letters',
      'schema_migrations',
    ])
  })
})

describe('gatewatch grants', () => {
  const grants = async (...args: string[]) => {
    const passwordFile = join(store.dataDir, 'password')
    await writeFile(passwordFile, 'of-grafana-and-nobody-else')
    const all = ['grants', '--data-dir', store.dataDir, '--password-file', passwordFile, ...args]
    const cli = runCliProcess(all, {}, store.dataDir)
    return { code: await cli.exited(), output: cli.output() }
  }

  it('prints the account for the tables that the store has, and never the password', async () => {
    const { code, output } = await grants('--user', 'acme', '--tenant', HOSTILE)
    expect(code).toBe(0)
    for (const { name } of tables.filter(({ has_tenant }) => has_tenant))
      expect(output).toContain(`GRANT SELECT ON ${DATABASE}.${name} TO acme;`)
    expect(output).not.toContain('of-grafana')
    expect((await grants('--xml')).output).toContain('<gatewatch_reader>')
  })

  it('wants a name for the account of a tenant, which would replace the one of all', async () => {
    const { code, output } = await grants('--tenant', 'acme')
    expect([code, output]).toEqual([2, expect.stringContaining('--user')])
  })
})

describe('as files, and as SQL beside them, on the engine', () => {
  const answers = new Map<string, Answer>()
  const forTenant = new Map<string, Answer>()
  // 0 threads are as many as there are cores, and compared as such.
  const loosened = READER_LIMITS.filter(({ setting }) => setting !== 'max_threads').map(
    ({ setting, value }) =>
      `SET ${setting} = ${typeof value === 'number' ? (setting === 'log_queries' ? 0 : value === 0 ? 1 : 0) : "'break'"}`,
  )
  const beyond = READER_LIMITS.filter(({ most }) => most !== undefined).map(
    ({ setting, most = 0 }) => `SET ${setting} = ${most + 1}`,
  )
  const forbidden = [
    `INSERT INTO ${DATABASE}.decisions (id) SELECT 'x'`,
    `ALTER TABLE ${DATABASE}.decisions DELETE WHERE 1`,
    `DROP TABLE ${DATABASE}.decisions`,
    `CREATE TABLE ${DATABASE}.mine (a UInt8) ENGINE = Memory`,
    `SELECT * FROM url('http://127.0.0.1:1/', 'CSV')`,
    `SELECT * FROM file('/etc/passwd', 'LineAsString')`,
    `SELECT * FROM remote('127.0.0.1:1', system.one)`,
    `GRANT SELECT ON *.* TO default`,
  ]
  const count = `SELECT toUInt32(count()) AS n FROM ${DATABASE}.decisions`
  const tooMuch = 'SELECT number FROM numbers(1000001)'
  // As the plugin sends a panel: the dashboard's tenant, a filter of the reader's, its timeout.
  const asPlugin = (tenant: string) =>
    `SELECT toUInt32(uniq(id)) AS n FROM ${DATABASE}.decisions WHERE tenant = ${literal(tenant)}
     SETTINGS max_execution_time = 65, additional_table_filters = {'${DATABASE}.decisions': 'outcome = \\'permit\\''}`

  beforeAll(async () => {
    await store.engine.stop()
    const ask = async (reader: Reader, into: Map<string, Answer>, statements: readonly string[]) => {
      const files = [profileXml(), readerXml(reader, DATABASE, tables)]
      const found = await runAsReader(store.dataDir, reader.name, files, statements)
      for (const [i, statement] of statements.entries()) into.set(statement, found[i] ?? { error: 'none' })
    }
    await ask(everything, answers, [
      ...loosened,
      ...beyond,
      ...forbidden,
      count,
      asPlugin('default'),
      tooMuch,
    ])
    await ask(oneTenant, forTenant, [
      count,
      `SELECT DISTINCT tenant FROM ${DATABASE}.decisions`,
      asPlugin('default'),
      asPlugin(HOSTILE),
      `SELECT count() FROM ${DATABASE}.dead_letters`,
      ...tables
        .filter(({ has_tenant }) => has_tenant)
        .map(
          ({ name }) => `SELECT count() AS n FROM ${DATABASE}.${name} WHERE tenant != ${literal(HOSTILE)}`,
        ),
    ])
  })
  afterAll(() => rm(store.dataDir, { recursive: true, force: true }))

  /*
   * The engine in a process opens users.xml alone, whatever `user_directories` and `access_control_path` say, so it
   * has nowhere to write an account that SQL makes. It works a statement out whole before it finds that: a setting,
   * a bound or an account that it doesn't know is another error. What the files made it tells as SQL.
   */
  it('the SQL is taken up to its being written down, and is what the files are in the words of the engine', async () => {
    const made = (reader: Reader) =>
      readerStatements({ database: DATABASE, writer: 'default', reader, tables })
    const statements = [...new Set([everything, oneTenant].flatMap(made))]
    const wrong = [
      `CREATE SETTINGS PROFILE x SETTINGS max_execution_times = 1 CONST`,
      `CREATE ROW POLICY x ON ${DATABASE}.decisions FOR SELECT USING 1 TO nobody`,
    ]
    const show = [
      'SHOW CREATE ROW POLICIES',
      ...[everything, oneTenant].map(({ name }) => `SHOW GRANTS FOR ${name}`),
    ]
    const files = [profileXml(), ...[everything, oneTenant].map((each) => readerXml(each, DATABASE, tables))]
    const found = await runAsAdministrator(store.dataDir, files, [...statements, ...wrong, ...show])
    const errorOf = (answer: Answer | undefined) => (answer && 'error' in answer ? answer.error : 'none')
    const stopped = statements.map((statement, i) => ({ statement, error: errorOf(found[i]) }))
    expect(
      stopped.filter(({ error }) => !/ACCESS_STORAGE_(READONLY|FOR_INSERTION_NOT_FOUND)/.test(error)),
    ).toEqual([])
    const refused = found.slice(statements.length, statements.length + wrong.length).map(errorOf)
    expect(refused).toEqual([expect.stringMatching(/UNKNOWN_SETTING/), expect.stringMatching(/UNKNOWN_ROLE/)])

    const told = found
      .slice(-show.length)
      .flatMap((answer) => ('rows' in answer ? answer.rows : []))
      .flatMap((row) => Object.values(Object(row)).map(String))
    const said = statements
      .filter((statement) => /^(CREATE ROW POLICY|GRANT) /.test(statement))
      .map((statement) =>
        statement.replace(/^CREATE ROW POLICY OR REPLACE \w+ (.* TO (\w+))$/s, 'CREATE ROW POLICY $2 $1'),
      )
    expect(told.sort()).toEqual(said.sort())
    expect(said.filter((statement) => statement.startsWith('CREATE')).length).toBeGreaterThan(tables.length)
  })

  it.each(loosened)('%s is refused', (statement) => {
    expect(answers.get(statement)).toHaveProperty('error')
  })

  it.each(beyond)('%s is refused', (statement) => {
    expect(answers.get(statement)).toMatchObject({
      error: expect.stringMatching(/SETTING_CONSTRAINT_VIOLATION/),
    })
  })

  it.each(forbidden)('%s is refused', (statement) => {
    expect(answers.get(statement)).toMatchObject({ error: expect.stringMatching(/ACCESS_DENIED|READONLY/) })
  })

  it('an answer that is too long is an error, not a short answer', () => {
    expect(answers.get(tooMuch)).toMatchObject({ error: expect.stringMatching(/TOO_MANY_ROWS/) })
  })

  it('what the data source sends is taken: its timeout, and filters that the reader adds', () => {
    expect(answers.get(count)).toEqual({ rows: [{ n: 3 }] })
    expect(answers.get(asPlugin('default'))).toEqual({ rows: [{ n: 2 }] })
  })

  it('an account of a tenant sees its own rows and no other, whatever it asks and filters', () => {
    expect(forTenant.get(count)).toEqual({ rows: [{ n: 1 }] })
    expect(forTenant.get(`SELECT DISTINCT tenant FROM ${DATABASE}.decisions`)).toEqual({
      rows: [{ tenant: HOSTILE }],
    })
    expect(forTenant.get(asPlugin('default'))).toEqual({ rows: [{ n: 0 }] })
    expect(forTenant.get(asPlugin(HOSTILE))).toEqual({ rows: [{ n: 1 }] })
    const others = [...forTenant].filter(([statement]) => statement.includes('tenant != '))
    expect(others.length).toBeGreaterThan(5)
    for (const [, answer] of others)
      expect(answer).toEqual({ rows: [{ n: expect.toSatisfy((n) => Number(n) === 0) }] })
  })

  it('an account of a tenant does not reach tables that say nothing of tenants', () => {
    expect(forTenant.get(`SELECT count() FROM ${DATABASE}.dead_letters`)).toMatchObject({
      error: expect.stringMatching(/ACCESS_DENIED/),
    })
  })
})

async function parsed(statement: string): Promise<boolean> {
  try {
    await rowsOf(store.client, `EXPLAIN AST ${statement}`)
    return true
  } catch {
    return false
  }
}

function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`
}

import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import { GatewatchError } from '../errors.ts'
import { clusterRecordTable, clusterStatements, type ClusterTarget } from './cluster-ddl.ts'

export interface MigrateOptions {
  readonly logger?: Logger
  /** Say what would be applied, and apply nothing. */
  readonly dryRun?: boolean
  readonly directory?: string
  /** The cluster whose nodes all get the tables; see `cluster-ddl.ts`. */
  readonly cluster?: string | undefined
}

export interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

/** A migration with what is run for it: one statement, or several on a cluster. */
export interface Applied extends Migration {
  readonly statements: readonly string[]
}

export interface MigrateResult {
  /** Applied now; with `dryRun`, what would be. */
  readonly applied: readonly Applied[]
  readonly present: number
}

const SQL_DIRECTORY = fileURLToPath(new URL('../../../schemas/clickhouse/', import.meta.url))

/**
 * Brings the client's database to the schema of `schemas/clickhouse/`, in the
 * order of the numbers, and writes down what it did in `schema_migrations`.
 *
 * Each statement is idempotent (`IF NOT EXISTS`), since ClickHouse has no
 * transaction over DDL: a crash between statement and record repeats the
 * statement. Two processes that migrate at once do the same thing twice, which
 * is harmless for the same reason. A recorded file that has changed since is
 * refused (`ERR_STORE_QUERY`): what stands in the store would not be what the
 * file says.
 *
 * Within a hundred of numbers migrations only add (and drop what nothing but a
 * dashboard reads), and older versions work on beside newer ones, which a rolling upgrade and the way back need. What older
 * versions can't live with begins the next hundred: a store that has migrations
 * of a hundred unknown here is refused (`ERR_STORE_QUERY`).
 */
export async function migrate(
  client: ClickHouseClient,
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  const migrations = await readMigrations(options.directory ?? SQL_DIRECTORY)
  const done = await recorded(client)
  for (const { name, checksum } of migrations) {
    const was = done.get(name)
    if (was !== undefined && was !== checksum)
      throw new GatewatchError(
        'ERR_STORE_QUERY',
        `The migration ${name} was applied with other content; restore the file and put the change into a new migration.`,
      )
  }
  refuseNewer([...done.keys()], migrations)
  const target = await targetOf(client, options.cluster)
  const pending = migrations
    .filter(({ name }) => !done.has(name))
    .map((each) => ({ ...each, statements: target ? clusterStatements(each.sql, target) : [each.sql] }))
  const present = migrations.length - pending.length
  if (options.dryRun === true || pending.length === 0) return { applied: pending, present }

  await client.command({ query: target ? clusterRecordTable(target) : RECORD_TABLE })
  for (const migration of pending) {
    for (const query of migration.statements) await client.command({ query })
    await client.insert({
      table: 'schema_migrations',
      values: [{ name: migration.name, checksum: migration.checksum }],
      format: 'JSONEachRow',
      columns: ['name', 'checksum'],
    })
    options.logger?.info({ migration: migration.name }, 'migration applied')
  }
  return { applied: pending, present }
}

const RECORD_TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations
(name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'))
ENGINE = ReplacingMergeTree ORDER BY name SETTINGS fsync_after_insert = 1`

async function targetOf(
  client: ClickHouseClient,
  cluster: string | undefined,
): Promise<ClusterTarget | null> {
  if (cluster === undefined) return null
  const result = await client.query({ query: 'SELECT currentDatabase() AS name', format: 'JSONEachRow' })
  const [row] = await result.json<{ name: string }>()
  return { cluster, database: row?.name ?? '' }
}

/** The number of a migration, without its last two digits. */
function hundredOf(name: string): number {
  return Math.floor(Number(name.slice(0, 3)) / 100)
}

function refuseNewer(recorded: readonly string[], known: readonly Migration[]): void {
  const newest = Math.max(0, ...known.map(({ name }) => hundredOf(name)))
  const beyond = recorded.filter((name) => hundredOf(name) > newest).sort()
  if (beyond.length === 0) return
  throw new GatewatchError(
    'ERR_STORE_QUERY',
    `The store's tables are of a newer Gatewatch (${beyond.at(-1)}), and this version can't work with them; start that version or a later one.`,
  )
}

/** The migrations of a folder, `NNN_verb_object.sql`, one statement each, in order. */
export async function readMigrations(directory = SQL_DIRECTORY): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{3}_[a-z0-9_]+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, pathToDirectory(directory)), 'utf8')
      return { name: name.slice(0, -4), sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

function pathToDirectory(directory: string): URL {
  return new URL(`file://${directory.endsWith('/') ? directory : `${directory}/`}`)
}

async function recorded(client: ClickHouseClient): Promise<ReadonlyMap<string, string>> {
  const exists = await client.query({ query: 'EXISTS TABLE schema_migrations', format: 'JSONEachRow' })
  const [row] = await exists.json<{ result: number }>()
  if (row?.result !== 1) return new Map()
  const result = await client.query({
    query: 'SELECT name, checksum FROM schema_migrations FINAL',
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ name: string; checksum: string }>()
  return new Map(rows.map(({ name, checksum }) => [name, checksum]))
}

import { quoted } from './quoted.ts'

/** A migration's SQL for one server, or for every node of a cluster. */
export interface ClusterTarget {
  /** As `remote_servers` of the servers' configuration names it. */
  readonly cluster: string
  readonly database: string
}

/** Repeated blocks are known for a week: a store may be away longer than the hour that is the default. */
const WINDOW_SECONDS = 604_800

/** What a migration begins with, after its comments. */
const CREATE_TABLE = /^CREATE TABLE IF NOT EXISTS (\w+)\b/
const CREATE_VIEW = /^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+)\b/
const ALTER_TABLE = /^ALTER TABLE (\w+)\b/
const DROP = /^DROP (TABLE|VIEW) IF EXISTS (\w+)$/
const FILL = /^INSERT INTO \w+\nSELECT\b/
/** A comment of a migration's file that says what rows of a table are spread over shards by. */
const SHARDED_BY = /^-- sharded by (.+)$/m

/**
 * The statements that one migration is on a cluster, made from the same file:
 *
 * - a table becomes `NAME_local` on every node, with the Replicated engine of the
 *   same kind, and `NAME`, a Distributed table over it, which is what everybody
 *   reads and writes;
 * - a materialized view reads and fills local tables, so that a roll-up is made
 *   where its rows are;
 * - a change of a table is made to both, and dropping one drops both;
 * - rows that are made of other tables' rows are read and written through the Distributed tables, once.
 *
 * The window of remembered blocks keeps its size and is named as the Replicated
 * engines name it. Throws `TypeError` on a statement of another kind.
 */
export function clusterStatements(sql: string, { cluster, database }: ClusterTarget): readonly string[] {
  const on = `ON CLUSTER ${quoted(cluster)}`
  const statement = sql.replace(/^\s*--.*\n/gm, '').trim()
  const table = CREATE_TABLE.exec(statement)?.[1]
  if (table !== undefined) {
    const local = statement
      .replace(CREATE_TABLE, `CREATE TABLE IF NOT EXISTS ${table}_local ${on}`)
      .replace(/^ENGINE = (\w*MergeTree)(?:\((.*)\))?$/m, (_, engine: string, args: string | undefined) => {
        const path = `'/clickhouse/tables/{shard}/${database}/${table}_local'`
        return `ENGINE = Replicated${engine}(${[path, "'{replica}'", ...(args ? [args] : [])].join(', ')})`
      })
      .replace(
        /\bnon_replicated_deduplication_window = (\d+)/,
        `replicated_deduplication_window = $1, replicated_deduplication_window_seconds = ${WINDOW_SECONDS}`,
      )
    const key = SHARDED_BY.exec(sql)?.[1]
    const args = [quoted(cluster), quoted(database), `${table}_local`, ...(key ? [key.trim()] : [])]
    return [
      local,
      `CREATE TABLE IF NOT EXISTS ${table} ${on} AS ${table}_local\nENGINE = Distributed(${args.join(', ')})`,
    ]
  }
  if (CREATE_VIEW.test(statement))
    return [
      statement
        .replace(CREATE_VIEW, `CREATE MATERIALIZED VIEW IF NOT EXISTS $1 ${on} TO $2_local`)
        .replace(/^FROM (\w+)/m, 'FROM $1_local'),
    ]
  if (ALTER_TABLE.test(statement)) {
    const local = statement.replace(ALTER_TABLE, `ALTER TABLE $1_local ${on}`)
    // A Distributed table has columns, and neither indexes nor settings nor an age of its own.
    if (!/\b(?:ADD|DROP|MODIFY|RENAME) COLUMN\b/.test(statement)) return [local]
    return [local, statement.replace(ALTER_TABLE, `ALTER TABLE $1 ${on}`)]
  }
  const [, kind, dropped] = DROP.exec(statement) ?? []
  if (kind !== undefined && dropped !== undefined)
    return (kind === 'VIEW' ? [dropped] : [dropped, `${dropped}_local`]).map(
      (name) => `DROP ${kind} IF EXISTS ${name} ${on}`,
    )
  if (FILL.test(statement)) return [statement]
  throw new TypeError(`a migration that begins ${statement.slice(0, 40)} has no form for a cluster`)
}

/** Where a migration is written down: one table for all shards, so each of its copies has a name of its own. */
export function clusterRecordTable({ cluster, database }: ClusterTarget): string {
  return `CREATE TABLE IF NOT EXISTS schema_migrations ON CLUSTER ${quoted(cluster)}
(name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'))
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/${database}/schema_migrations', '{shard}-{replica}')
ORDER BY name SETTINGS fsync_after_insert = 1`
}

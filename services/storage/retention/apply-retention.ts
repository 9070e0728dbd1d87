import type { ClickHouseClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import { clusterStatements } from '../../runtime/clickhouse/cluster-ddl.ts'
import { readMigrations } from '../../runtime/clickhouse/migrate.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { RetentionConfig } from './config.ts'

export interface ApplyRetentionOptions {
  readonly cluster: string | undefined
  readonly logger: Logger
}

/** A table's age of rows, as an expression, and for how many days they are kept by the migrations. */
interface Age {
  readonly expression: string
  readonly days: number
}

/**
 * Brings tables to the retention that is configured: how long rows are kept, and after how long they
 * move to a cold volume. A table that has it already isn't touched, so that every process may do this at
 * each start. The ages of rows that are there already are worked out anew, without rewriting them; what is
 * due then goes or moves in the background. A storage policy or volume that the server doesn't
 * have is said in the log and left out: rows stay where they are, and are deleted when they should be.
 * Returns the tables that were changed. Throws `ERR_CONFIG_INVALID` for a table that keeps no age.
 */
export async function applyRetention(
  client: ClickHouseClient,
  { keep_days, cold }: RetentionConfig,
  { cluster, logger }: ApplyRetentionOptions,
): Promise<readonly string[]> {
  const named = new Set([...Object.keys(keep_days), ...Object.keys(cold?.after_days ?? {})])
  if (named.size === 0) return []
  // Decisions that became dead letters are proven by these.
  if ('decisions' in keep_days) named.add('dead_letters')
  const ages = await agesOf()
  const tier = cold !== undefined && (await hasVolume(client, cold)) ? cold : undefined
  if (cold !== undefined && tier === undefined)
    logger.warn(
      { policy: cold.policy, volume: cold.volume },
      'the server has no such storage policy with this volume and the volume default; rows stay where they are',
    )
  const changed: string[] = []
  const days = (table: string) => keep_days[table] ?? ages.get(table)?.days ?? 0
  for (const table of [...named].sort()) {
    const age = ages.get(table)
    if (age === undefined)
      throw new GatewatchError(
        'ERR_CONFIG_INVALID',
        `storage.retention names ${table}, which is no table that keeps rows for a time (${[...ages.keys()].join(', ')}).`,
      )
    const kept = table === 'dead_letters' ? Math.max(days(table), days('decisions')) : days(table)
    const deleted = `${age.expression} + toIntervalDay(${kept})`
    const coldAfter = tier?.after_days[table]
    const moved =
      tier === undefined || coldAfter === undefined
        ? ''
        : `, ${age.expression} + toIntervalDay(${coldAfter}) TO VOLUME '${tier.volume}'`
    const wanted = `TTL ${deleted}${moved}`
    const is = await definitionOf(client, cluster === undefined ? table : `${table}_local`)
    const statements = [
      ...(moved !== '' && tier !== undefined && is.policy !== tier.policy
        ? [`ALTER TABLE ${table} MODIFY SETTING storage_policy = '${tier.policy}'`]
        : []),
      ...(is.ttl === wanted
        ? []
        : [
            `ALTER TABLE ${table} MODIFY SETTING materialize_ttl_recalculate_only = 1`,
            `ALTER TABLE ${table} MODIFY ${wanted}`,
          ]),
    ]
    for (const statement of statements) await alter(client, statement, cluster)
    if (statements.length > 0) changed.push(table)
  }
  if (changed.length > 0) logger.info({ tables: changed }, 'retention changed')
  return changed
}

/** From the migrations themselves, so that there is no second list. */
async function agesOf(): Promise<ReadonlyMap<string, Age>> {
  const ages = new Map<string, Age>()
  for (const { sql } of await readMigrations()) {
    const [, table] = /^CREATE TABLE IF NOT EXISTS (\w+)/m.exec(sql) ?? []
    const [, expression, days] = /^TTL (.+) \+ INTERVAL (\d+) DAY$/m.exec(sql) ?? []
    if (table !== undefined && expression !== undefined) ages.set(table, { expression, days: Number(days) })
    const [, altered, until] = /^ALTER TABLE (\w+)\s+MODIFY TTL .+ \+ INTERVAL (\d+) DAY$/m.exec(sql) ?? []
    const before = altered === undefined ? undefined : ages.get(altered)
    if (altered !== undefined && before !== undefined) ages.set(altered, { ...before, days: Number(until) })
    const [, dropped] = /^DROP TABLE IF EXISTS (\w+)/m.exec(sql) ?? []
    if (dropped !== undefined) ages.delete(dropped)
  }
  return ages
}

async function hasVolume(
  client: ClickHouseClient,
  { policy, volume }: NonNullable<RetentionConfig['cold']>,
): Promise<boolean> {
  const result = await client.query({
    query: `SELECT volume_name FROM system.storage_policies WHERE policy_name = {policy:String}`,
    query_params: { policy },
    format: 'JSONEachRow',
  })
  const names = (await result.json<{ volume_name: string }>()).map(({ volume_name }) => volume_name)
  return names.includes(volume) && names.includes('default')
}

async function definitionOf(
  client: ClickHouseClient,
  table: string,
): Promise<{ readonly ttl: string; readonly policy: string }> {
  const result = await client.query({
    query: `SELECT extract(engine_full, '(TTL .*?)(?: SETTINGS |$)') AS ttl, storage_policy AS policy
      FROM system.tables WHERE database = currentDatabase() AND name = {table:String}`,
    query_params: { table },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ ttl: string; policy: string }>()
  return row ?? { ttl: '', policy: '' }
}

async function alter(
  client: ClickHouseClient,
  statement: string,
  cluster: string | undefined,
): Promise<void> {
  const queries =
    cluster === undefined ? [statement] : clusterStatements(statement, { cluster, database: '' })
  for (const query of queries) await client.command({ query })
}

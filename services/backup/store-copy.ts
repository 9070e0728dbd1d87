import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { z } from 'zod'
import { storeFault } from '../runtime/clickhouse/faults.ts'
import { quoted } from '../runtime/clickhouse/quoted.ts'
import { GatewatchError } from '../runtime/errors.ts'

const Begun = z.array(z.object({ id: z.string(), status: z.string() })).length(1)
const State = z
  .array(
    z.object({
      status: z.string(),
      error: z.string(),
      done: z.coerce.number(),
      total: z.coerce.number(),
    }),
  )
  .length(1)

const LOOK_MS = 50

/** A place as ClickHouse's BACKUP names it: `File('/…')`, `Disk('backups', 'monday')`, `S3('https://…', …)`. */
export function fileDestination(path: string): string {
  return `File(${quoted(path)})`
}

/** A destination that a person gave: one function with literals, and nothing behind it. */
export function checkedDestination(text: string): string {
  if (/^(Disk|File|S3|AzureBlobStorage)\((\s*'(?:[^'\\]|\\.)*'\s*,?)+\)$/.test(text.trim()))
    return text.trim()
  throw new GatewatchError(
    'ERR_USAGE',
    `--store-to must be one destination of ClickHouse's BACKUP, such as Disk('backups', 'gatewatch-monday').`,
  )
}

/** Has the store write its database away; the tables' parts are fixed when it begins, so inserts need not wait. */
export function backUpStore(
  client: ClickHouseClient,
  database: string,
  destination: string,
  progress: (done: number, total: number) => void,
): Promise<void> {
  return run(client, `BACKUP DATABASE ${identifier(database)} TO ${destination} ASYNC`, progress)
}

/** The reverse, into a database without tables. */
export function restoreStore(
  client: ClickHouseClient,
  database: string,
  destination: string,
  progress: (done: number, total: number) => void,
): Promise<void> {
  return run(client, `RESTORE DATABASE ${identifier(database)} FROM ${destination} ASYNC`, progress)
}

/** Rows of each table, copies that were not merged yet counted as they lie. */
export async function storedRows(
  client: ClickHouseClient,
  database: string,
): Promise<Record<string, number>> {
  const tables = await rows(
    client,
    z.array(z.object({ name: z.string(), rows: z.coerce.number() })),
    `SELECT name, ifNull(total_rows, 0) AS rows FROM system.tables
     WHERE database = {database: String} AND engine LIKE '%MergeTree' ORDER BY name`,
    { database },
  )
  return Object.fromEntries(tables.map(({ name, rows: count }) => [name, count]))
}

/** Bytes of the database on disk. */
export async function storeBytes(client: ClickHouseClient, database: string): Promise<number> {
  const answer = await rows(
    client,
    z.array(z.object({ bytes: z.coerce.number() })),
    'SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = {database: String}',
    { database },
  )
  return answer[0]?.bytes ?? 0
}

export async function storeVersion(client: ClickHouseClient): Promise<string> {
  const answer = await rows(client, z.array(z.object({ version: z.string() })), 'SELECT version() AS version')
  return answer[0]?.version ?? 'unknown'
}

/** In the background of the store, so that no time limit of a query ends it. */
async function run(
  client: ClickHouseClient,
  statement: string,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const begun = await rows(client, Begun, statement)
  const id = begun[0]?.id ?? ''
  for (;;) {
    const [state] = await rows(
      client,
      State,
      // A backup counts what it has written, a restore what it has read.
      `SELECT status, error, greatest(bytes_read, uncompressed_size) AS done, total_size AS total
       FROM system.backups WHERE id = {id: String}`,
      { id },
    )
    if (state === undefined) throw new TypeError('the store forgot its own backup')
    progress(Math.min(state.done, state.total), state.total)
    if (state.status === 'BACKUP_CREATED' || state.status === 'RESTORED') return
    if (state.status.endsWith('FAILED') || state.status.endsWith('CANCELLED'))
      throw new GatewatchError(
        'ERR_STORE_QUERY',
        `ClickHouse could not do it: ${state.error.slice(0, 500).trim()}; see its log.`,
      )
    await pause(LOOK_MS)
  }
}

async function rows<T>(
  client: ClickHouseClient,
  schema: z.ZodType<T[]>,
  query: string,
  query_params: Record<string, unknown> = {},
): Promise<T[]> {
  try {
    const result = await client.query({ query, format: 'JSONEachRow', query_params })
    return schema.parse(await result.json())
  } catch (error) {
    throw error instanceof z.ZodError ? error : storeFault(error)
  }
}

function identifier(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, String.raw`\$&`)}\``
}

import type { ClickHouseClient } from '@clickhouse/client'
import type { PendingDay } from './pending-days.ts'

/** How far the rolling up of a day had come when it was cut off. */
export interface Progress {
  /** What had been stored when it began; what came later is for the next time. */
  readonly upTo: string
  /** The end of the last piece of each table that was begun; '' of one that is done. */
  readonly ends: ReadonlyMap<string, string>
}

/** Where to go on with a day, or null where nothing of it is under way. */
export async function progressOf(
  client: ClickHouseClient,
  { tenant, day }: Pick<PendingDay, 'tenant' | 'day'>,
): Promise<Progress | null> {
  const result = await client.query({
    query: `SELECT toString(up_to) AS begun, roll_up, if(is_whole = 1, '', beyond) AS last FROM roll_up_pieces FINAL
      WHERE tenant = {tenant:String} AND day = {day:Date}
        AND up_to > (SELECT max(rolled_at) FROM decision_days WHERE tenant = {tenant:String} AND day = {day:Date})
      ORDER BY up_to DESC`,
    query_params: { tenant, day },
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ begun: string; roll_up: string; last: string }>()
  const upTo = rows[0]?.begun
  if (upTo === undefined) return null
  const ends = rows.filter(({ begun }) => begun === upTo).map((row) => [row.roll_up, row.last] as const)
  return { upTo, ends: new Map(ends) }
}

/** Writes down that a piece is rolled up; `end` is '' for a table's last one. */
export async function writeProgress(
  client: ClickHouseClient,
  { tenant, day, upTo }: PendingDay,
  {
    table,
    end,
    cluster,
  }: { readonly table: string; readonly end: string; readonly cluster?: string | undefined },
): Promise<void> {
  await client.command({
    query: `INSERT INTO roll_up_pieces (tenant, day, up_to, roll_up, beyond, is_whole, done_at)
      SELECT {tenant:String}, {day:Date}, toDateTime64({up_to:String}, 3, 'UTC'), {table:String}, {end:String}, {end:String} = '', now()`,
    query_params: { tenant, day, up_to: upTo, table, end },
    clickhouse_settings: {
      insert_deduplicate: 0,
      ...(cluster !== undefined && { distributed_foreground_insert: 1 }),
    },
  })
}

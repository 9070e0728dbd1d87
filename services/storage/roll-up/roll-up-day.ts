import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ClickHouseClient } from '@clickhouse/client'
import type { PendingDay } from './pending-days.ts'

const DIRECTORY = fileURLToPath(new URL('../../../schemas/clickhouse/roll-ups/', import.meta.url))

/** Groups beyond this go to disk: a day of many millions must not need as many bytes as it has subjects. */
const GROUPS_BYTES = '134217728'

/** The statement that rolls a day up into a table, by the table's name. */
export async function readRollUps(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(DIRECTORY)).filter((name) => name.endsWith('.sql')).sort()
  return new Map(
    await Promise.all(
      names.map(async (name) => [name.slice(0, -4), await readFile(`${DIRECTORY}${name}`, 'utf8')] as const),
    ),
  )
}

/**
 * Rolls one day up into every table, then writes down that it did. A crash
 * before that repeats it, which changes nothing: see `014_create_decisions_by_hour.sql`. So does a `signal`: a stop
 * does not wait for a day of many millions.
 */
export async function rollUpDay(
  client: ClickHouseClient,
  rollUps: ReadonlyMap<string, string>,
  { tenant, day, upTo }: PendingDay,
  { cluster, signal }: { readonly cluster?: string | undefined; readonly signal?: AbortSignal } = {},
): Promise<void> {
  for (const query of rollUps.values())
    await client.command({
      query,
      query_params: { tenant, day },
      ...(signal !== undefined && { abort_signal: signal }),
      clickhouse_settings: {
        max_threads: 1,
        max_bytes_before_external_group_by: GROUPS_BYTES,
        // Without a token equal blocks would be taken for repeats: those of a day that was rolled up, erased in part and rolled up again.
        insert_deduplicate: 0,
        ...(cluster !== undefined && { distributed_foreground_insert: 1 }),
      },
    })
  await client.insert({
    table: 'decision_days',
    values: [{ tenant, day, app: '', stored_at: 0, rolled_at: upTo }],
    format: 'JSONEachRow',
    ...(signal !== undefined && { abort_signal: signal }),
    ...(cluster !== undefined && { clickhouse_settings: { distributed_foreground_insert: 1 } }),
  })
}

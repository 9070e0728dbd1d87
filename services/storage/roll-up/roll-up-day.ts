import type { ClickHouseClient } from '@clickhouse/client'
import type { PendingDay } from './pending-days.ts'
import { endOf, piecesOf, type DayToCut } from './pieces.ts'
import { progressOf, writeProgress } from './progress.ts'
import { GENERATION, type RollUp } from './roll-ups.ts'

/** Groups beyond this go to disk: a day of many millions must not need as many bytes as it has subjects. */
const GROUPS_BYTES = '134217728'

/** What a statement counts in some ten seconds on one core; a day of fewer decisions is one piece. */
const PIECE_ROWS = 5_000_000

export interface RollUpDayOptions {
  readonly cluster?: string | undefined
  readonly signal?: AbortSignal
  /** About how many decisions one statement counts. */
  readonly piece_rows?: number
  /** Told after each piece. */
  readonly rolled?: (table: string) => void
}

/**
 * Rolls one day up into every table, then writes down that it did: a statement
 * for each table, or for each piece of a day that is longer than `piece_rows`,
 * each of which is written down as well. A crash repeats the piece that it cut
 * off, which changes nothing: see `014_create_decisions_by_hour.sql`. So does a
 * `signal`: a stop does not wait for a day of many millions.
 */
export async function rollUpDay(
  client: ClickHouseClient,
  rollUps: readonly RollUp[],
  pending: PendingDay,
  { cluster, signal, piece_rows: most = PIECE_ROWS, rolled }: RollUpDayOptions = {},
): Promise<void> {
  const { tenant, day } = pending
  const cut: DayToCut = { tenant, day, rows: await rowsOfDay(client, pending) }
  const isCut = cut.rows > most
  const progress = isCut ? await progressOf(client, pending) : null
  const upTo = progress?.upTo ?? pending.upTo
  const foreground = cluster === undefined ? {} : { distributed_foreground_insert: 1 as const }
  for (const rollUp of rollUps) {
    const after = progress?.ends.get(rollUp.table)
    if (after === '') continue
    for (const piece of await piecesOf(client, rollUp, cut, { after: after ?? '', most })) {
      await client.command({
        query: rollUp.sql,
        query_params: { tenant, ...piece },
        ...(signal !== undefined && { abort_signal: signal }),
        clickhouse_settings: {
          max_threads: 1,
          max_bytes_before_external_group_by: GROUPS_BYTES,
          // Without a token equal blocks would be taken for repeats: those of a day that was rolled up, erased in part and rolled up again.
          insert_deduplicate: 0,
          ...foreground,
        },
      })
      if (isCut)
        await writeProgress(
          client,
          { tenant, day, upTo },
          { table: rollUp.table, end: endOf(rollUp, piece, day), cluster },
        )
      rolled?.(rollUp.table)
    }
  }
  await client.insert({
    table: 'decision_days',
    values: [{ tenant, day, app: '', stored_at: 0, rolled_at: upTo, generation: GENERATION }],
    columns: ['tenant', 'day', 'app', 'stored_at', 'rolled_at', 'generation'],
    format: 'JSONEachRow',
    ...(signal !== undefined && { abort_signal: signal }),
    clickhouse_settings: { insert_allow_materialized_columns: 1, ...foreground },
  })
}

/** Copies count as well: it is about how much there is to read. */
async function rowsOfDay(client: ClickHouseClient, { tenant, day }: PendingDay): Promise<number> {
  const result = await client.query({
    query: `SELECT count() AS n FROM decisions
      WHERE tenant = {tenant:String} AND decided_at >= toDateTime64({day:String}, 3, 'UTC') AND decided_at < toDateTime64({day:String}, 3, 'UTC') + INTERVAL 1 DAY`,
    query_params: { tenant, day },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ n: string }>()
  return Number(row?.n ?? 0)
}

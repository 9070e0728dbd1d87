import { setTimeout as pause } from 'node:timers/promises'
import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client'
import { rollUpDay } from '../../../storage/roll-up/roll-up-day.ts'
import { GENERATION, readRollUps } from '../../../storage/roll-up/roll-ups.ts'
import { insertDecisions } from './decisions-sql.ts'
import { insertOthers } from './others-sql.ts'
import { piecesOf, type Piece } from './shape.ts'

/** Merges that fall behind make each query slower and the disk fuller; beyond so many parts of a month they are waited for. */
const MOST_PARTS = 100

/** Days that are rolled up at once, each on one core. */
const AT_ONCE = 2

const TRIES = 10
const PAUSE_MS = 500

/** What is made, of how much; told after each piece. */
export type Progress = (what: string, unit: string, done: number, all: number) => void

export interface GenerateOptions {
  readonly rows: number
  /** Default ninety. */
  readonly days?: number
  readonly nowMs: number
  readonly progress: Progress
}

export interface Generated {
  /** A full hour, in seconds: the ninety days end here. */
  readonly endS: number
  /** Made now, and not by a run before. */
  readonly rows: number
  readonly seconds: number
}

/**
 * Fills an empty store with `rows` decisions over ninety days and with what was
 * found in them, or goes on where a run of the same size was cut off: what is
 * made is written down piece by piece in `bench_pieces`. A piece that was cut off
 * is made again; its rows are the same, under the same keys.
 */
export async function generate(
  client: ClickHouseClient,
  { rows, days, nowMs, progress }: GenerateOptions,
): Promise<Generated> {
  await prepare(client)
  const endS = await endOf(client, nowMs)
  const pieces = piecesOf(rows, endS, days)
  const made = new Set(await madePieces(client, rows))
  let done = 0
  let seconds = 0
  let fresh = 0
  if (made.size === 0) for (const query of insertOthers(endS)) await client.command({ query })
  for (const piece of pieces) {
    if (!made.has(piece.index)) {
      const began = performance.now()
      await make(client, piece, rows)
      seconds += (performance.now() - began) / 1000
      fresh += piece.rows
    }
    done += piece.rows
    progress('generating', 'decisions', done, rows)
  }
  const began = performance.now()
  await rollUp(client, progress)
  await mergeMonths(client)
  seconds += (performance.now() - began) / 1000
  return { endS, rows: fresh, seconds }
}

/** Rolls up the days that are over, as the storage worker would at their ends. */
async function rollUp(client: ClickHouseClient, progress: Progress): Promise<void> {
  const result = await client.query({
    query: `SELECT tenant, toString(day) AS date, toString(max(stored_at)) AS upTo FROM decision_days
      WHERE day < today() GROUP BY tenant, day HAVING max(rolled_at) < max(stored_at) OR max(generation) < ${GENERATION} ORDER BY day`,
    format: 'JSONEachRow',
  })
  const days = await result.json<{ tenant: string; date: string; upTo: string }>()
  const rollUps = await readRollUps()
  const left = [...days]
  let done = 0
  const worker = async () => {
    for (let day = left.shift(); day !== undefined; day = left.shift()) {
      const { tenant, date, upTo } = day
      await untilRoom(() => rollUpDay(client, rollUps, { tenant, day: date, upTo }))
      progress('rolling up', 'days', ++done, days.length)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Months of roll-ups that are over become one part each, which tables do by themselves a day later. */
async function mergeMonths(client: ClickHouseClient): Promise<void> {
  const result = await client.query({
    query: `SELECT table, partition_id AS month FROM system.parts
      WHERE active AND database = currentDatabase() AND partition_id < toString(toYYYYMM(today()))
        AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine_full LIKE '%min_age_to_force_merge_seconds%')
      GROUP BY table, month HAVING count() > 1 ORDER BY table, month`,
    format: 'JSONEachRow',
  })
  for (const { table, month } of await result.json<{ table: string; month: string }>())
    await untilRoom(() => client.command({ query: `OPTIMIZE TABLE ${table} PARTITION ID '${month}' FINAL` }))
}

/** The engine has 600 MiB, and a merge may have just most of them. */
async function untilRoom(statement: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await statement()
      return
    } catch (error) {
      if (!(error instanceof ClickHouseError && error.code === '241' && tries < TRIES)) throw error
      await pause(tries * PAUSE_MS)
    }
  }
}

async function make(client: ClickHouseClient, piece: Piece, rows: number): Promise<void> {
  await untilRoom(() => client.command({ query: insertDecisions(piece) }))
  await client.insert({
    table: 'bench_pieces',
    values: [{ rows, piece: piece.index }],
    format: 'JSONEachRow',
  })
}

/** What a store of generated rows needs beside its tables; none of it changes how many bytes a row takes. */
async function prepare(client: ClickHouseClient): Promise<void> {
  const statements = [
    // Rows of ninety days ago must not expire while they are measured.
    'ALTER TABLE decisions REMOVE TTL',
    // Half a thousand files of a wide part would have a buffer of 1 MiB each, for blocks that are this large.
    `ALTER TABLE decisions MODIFY SETTING min_columns_to_activate_adaptive_write_buffer = 1, fsync_after_insert = 0,
       fsync_part_directory = 0, parts_to_delay_insert = ${MOST_PARTS}, max_delay_to_insert = 30`,
    'CREATE TABLE IF NOT EXISTS bench_pieces (rows UInt64, piece UInt32) ENGINE = ReplacingMergeTree ORDER BY (rows, piece)',
    'CREATE TABLE IF NOT EXISTS bench_end (at UInt32) ENGINE = MergeTree ORDER BY at',
  ]
  for (const query of statements) {
    try {
      await client.command({ query })
    } catch (error) {
      // A run before has taken it away already.
      if (!(error instanceof Error && error.message.includes('TTL'))) throw error
    }
  }
}

/** The hour at which the first run began: a later one goes on with the same rows. */
async function endOf(client: ClickHouseClient, nowMs: number): Promise<number> {
  const result = await client.query({
    query: 'SELECT min(at) AS at, count() AS n FROM bench_end',
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ at: number; n: string }>()
  if (row !== undefined && Number(row.n) > 0) return row.at
  const at = Math.floor(nowMs / 3_600_000) * 3600
  await client.insert({ table: 'bench_end', values: [{ at }], format: 'JSONEachRow' })
  return at
}

async function madePieces(client: ClickHouseClient, rows: number): Promise<readonly number[]> {
  const result = await client.query({
    query: 'SELECT DISTINCT piece FROM bench_pieces WHERE rows = {rows:UInt64}',
    query_params: { rows },
    format: 'JSONEachRow',
  })
  return (await result.json<{ piece: number }>()).map(({ piece }) => piece)
}

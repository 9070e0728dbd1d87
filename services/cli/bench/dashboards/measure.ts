import type { ClickHouseClient } from '@clickhouse/client'
import type { Question } from './panels.ts'

/** What one query took. */
export interface Measured extends Question {
  /** Once the engine's own caches were emptied; the operating system's were not. */
  readonly cold_ms: number
  /** The better of two that follow. */
  readonly warm_ms: number
  /** Of all tables, by the engine's own estimate after all indexes. */
  readonly read_rows: number
  /** What the engine said, where it gave no answer. */
  readonly failure?: string
}

const CACHES = ['MARK CACHE', 'UNCOMPRESSED CACHE', 'QUERY CONDITION CACHE', 'INDEX MARK CACHE']
const MOST_ROWS = '20000'

/** Asks one question as the console does, by the account that only reads. */
export async function measure(
  writer: ClickHouseClient,
  reader: ClickHouseClient,
  question: Question,
): Promise<Measured> {
  for (const cache of CACHES) await writer.command({ query: `SYSTEM DROP ${cache}` })
  const cold = await asked(reader, question.query)
  const again = [await asked(reader, question.query), await asked(reader, question.query)]
  const { failure } = cold
  return {
    ...question,
    cold_ms: cold.ms,
    warm_ms: Math.min(...again.map(({ ms }) => ms)),
    read_rows: failure === undefined ? sum(await rowsToRead(reader, question.query)) : 0,
    ...(failure !== undefined && { failure }),
  }
}

interface Asked {
  readonly ms: number
  readonly failure?: string
}

async function asked(client: ClickHouseClient, query: string): Promise<Asked> {
  const began = performance.now()
  try {
    const result = await client.query({
      query,
      format: 'JSONCompact',
      clickhouse_settings: { max_result_rows: MOST_ROWS },
    })
    await result.text()
    return { ms: performance.now() - began }
  } catch (error) {
    const failure = error instanceof Error ? error.message.slice(0, 160) : String(error)
    return { ms: performance.now() - began, failure }
  }
}

/** Rows that a query will read of each table, by the engine's own account of parts, partitions, keys and indexes. */
export async function rowsToRead(
  client: ClickHouseClient,
  query: string,
): Promise<ReadonlyMap<string, number>> {
  const result = await client.query({ query: `EXPLAIN ESTIMATE ${query}`, format: 'JSONEachRow' })
  const rows = new Map<string, number>()
  for (const each of await result.json<{ table: string; rows: string }>())
    rows.set(each.table, (rows.get(each.table) ?? 0) + Number(each.rows))
  return rows
}

function sum(rows: ReadonlyMap<string, number>): number {
  return [...rows.values()].reduce((total, each) => total + each, 0)
}

/** The slowest of each range. */
export function slowest(measured: readonly Measured[], range: string): number {
  return Math.max(0, ...measured.filter((each) => each.range === range).map(({ cold_ms }) => cold_ms))
}

import type { ClickHouseClient } from '@clickhouse/client'
import type { Question, Range } from './panels.ts'

/** What one query took. */
export interface Measured extends Question {
  /** Once the engine's own caches were emptied; the operating system's were not. */
  readonly cold_ms: number
  /** The better of two that follow. */
  readonly warm_ms: number
  readonly read_rows: number
  readonly read_bytes: number
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
  const { read_rows, read_bytes, failure } = cold
  return {
    ...question,
    cold_ms: cold.ms,
    warm_ms: Math.min(...again.map(({ ms }) => ms)),
    read_rows,
    read_bytes,
    ...(failure !== undefined && { failure }),
  }
}

interface Asked {
  readonly ms: number
  readonly read_rows: number
  readonly read_bytes: number
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
    const summary: unknown = JSON.parse(String(result.response_headers['x-clickhouse-summary'] ?? '{}'))
    const figure = (name: string) => Number(Object(summary)[name] ?? 0)
    return {
      ms: performance.now() - began,
      read_rows: figure('read_rows'),
      read_bytes: figure('read_bytes'),
    }
  } catch (error) {
    const failure = error instanceof Error ? error.message.slice(0, 160) : String(error)
    return { ms: performance.now() - began, read_rows: 0, read_bytes: 0, failure }
  }
}

/** The slowest of each range. */
export function slowest(measured: readonly Measured[], range: Range): number {
  return Math.max(0, ...measured.filter((each) => each.range === range).map(({ cold_ms }) => cold_ms))
}

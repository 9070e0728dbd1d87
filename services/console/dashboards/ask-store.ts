import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client'
import { storeFault } from '../../runtime/clickhouse/faults.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { expand, type GrafanaContext } from './macros.ts'
import type { Cell, Rows } from './series.ts'

/** Rows of one answer at most; every query says its own LIMIT, which is less. */
const MOST_ROWS = 20_000
/** A panel's query may take this much memory of the store; an account's own limit may be less. */
const MOST_MEMORY_BYTES = 1_073_741_824

export interface StoreSource {
  readonly client: ClickHouseClient
  readonly query_timeout_s: number
}

/**
 * Runs one query of a dashboard with its macros and variables expanded, within
 * bounds of time, rows and memory at the engine. When `signal` aborts, the
 * connection closes and the engine ends the query.
 *
 * @throws {GatewatchError} that names the remedy
 */
export async function askStore(
  { client, query_timeout_s }: StoreSource,
  sql: string,
  context: GrafanaContext,
  signal: AbortSignal,
): Promise<Rows> {
  try {
    const answer = await client.query({
      query: expand(sql, context),
      format: 'JSONCompact',
      abort_signal: signal,
      clickhouse_settings: {
        max_execution_time: query_timeout_s,
        max_result_rows: String(MOST_ROWS),
        max_memory_usage: String(MOST_MEMORY_BYTES),
        // A server goes on without this, though nobody waits any more.
        cancel_http_readonly_queries_on_client_close: 1,
        date_time_output_format: 'iso',
        output_format_json_quote_64bit_integers: 0,
      },
    })
    const { meta = [], data } = await answer.json<Cell[]>()
    return { columns: meta.map(({ name, type }) => ({ name, type })), rows: data }
  } catch (error) {
    throw panelFault(error, query_timeout_s)
  }
}

/** What a reader can do about it, by ClickHouse's error code. */
function panelFault(error: unknown, query_timeout_s: number): GatewatchError {
  const remedies: Readonly<Record<string, string>> = {
    159: `The store did not answer within ${query_timeout_s} s; choose a shorter time range, or raise console.query_timeout_s.`,
    202: 'The store has too many queries to answer at once; ask again in a moment.',
    241: 'The answer needs more memory than a panel may take; choose a shorter time range.',
    396: 'The answer has too many rows for a panel; choose a shorter time range.',
    47: 'A filter names a column that this panel does not have; remove it, or look at another panel.',
    427: 'A filter is no regular expression; correct it.',
  }
  const remedy = error instanceof ClickHouseError ? remedies[error.code] : undefined
  if (remedy !== undefined)
    return new GatewatchError('ERR_STORE_QUERY', remedy, { retriable: true, cause: error })
  const fault = storeFault(error)
  if (fault.code !== 'ERR_STORE_QUERY') return fault
  return new GatewatchError(
    'ERR_STORE_QUERY',
    'The store refused this panel’s query; after an upgrade, gatewatch migrate brings its tables up to date.',
    { cause: error },
  )
}

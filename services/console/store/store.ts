import type { ClickHouseClient } from '@clickhouse/client'
import { GatewatchError } from '../../runtime/errors.ts'

/** Runs one query with parameters and gives its rows. `what` names it in an error. */
export type Store = <Row>(
  what: string,
  query: string,
  params: Readonly<Record<string, unknown>>,
  parse: (row: unknown) => Row,
) => Promise<Row[]>

/** Asks the store; where it can't answer, `otherwise` stands for its answer. */
export type Ask = <T>(ask: (store: Store) => Promise<T>, otherwise: T) => Promise<T>

/** Rows of one answer at most: a query that forgets its LIMIT must not fill our memory. */
const MOST_ROWS = 10_000

/** What the console reads through: every value is a parameter, every query ends in time. */
export function storeOf(client: ClickHouseClient, query_timeout_s: number): Store {
  return async (what, query, params, parse) => {
    let rows: unknown[]
    try {
      const answer = await client.query({
        query,
        query_params: { ...params },
        format: 'JSONEachRow',
        clickhouse_settings: {
          max_execution_time: query_timeout_s,
          max_result_rows: String(MOST_ROWS),
          date_time_output_format: 'iso',
          output_format_json_quote_64bit_integers: 0,
        },
      })
      rows = await answer.json<unknown>()
    } catch (error) {
      throw new GatewatchError(
        'ERR_STORE_QUERY',
        `The store could not answer for ${what}; gatewatch status says whether it runs.`,
        { retriable: true, cause: error },
      )
    }
    return rows.map(parse)
  }
}

import { text } from 'node:stream/consumers'
import { openClickHouse } from './client.ts'
import type { ClickHouseEndpoint } from './endpoint.ts'
import { storeFault } from './faults.ts'

export interface AskOptions {
  /** One of ClickHouse's output formats. */
  readonly format: string
  readonly color: boolean
  /** Values of the statement's parameters, `{name:Type}`. */
  readonly params?: Readonly<Record<string, string>>
  /** Where the answer is cut off, and how long it may take. */
  readonly bounds?: { readonly rows: number; readonly seconds: number }
}

/**
 * One statement that reads, and its answer as text. It runs as the reading
 * account where there is one, and with `readonly` set in any case, so that a
 * person's SQL changes nothing on a server that knows one account only.
 * Throws `ERR_STORE_QUERY` and `ERR_STORE_UNREACHABLE`.
 */
export async function ask(
  endpoint: ClickHouseEndpoint,
  sql: string,
  { format, color, params = {}, bounds }: AskOptions,
): Promise<string> {
  const client = openClickHouse(endpoint, { readonly: true })
  try {
    const { stream } = await client.exec({
      query: sql,
      query_params: { ...params },
      http_headers: { 'X-ClickHouse-Format': format },
      clickhouse_settings: {
        output_format_pretty_color: color ? 1 : 0,
        output_format_pretty_row_numbers: 0,
        readonly: '1',
        ...(bounds && {
          max_execution_time: bounds.seconds,
          limit: String(bounds.rows),
        }),
      },
    })
    return await text(stream)
  } catch (error) {
    throw storeFault(error)
  } finally {
    await client.close()
  }
}

import { text } from 'node:stream/consumers'
import { openClickHouse } from './client.ts'
import type { ClickHouseEndpoint } from './endpoint.ts'
import { storeFault } from './faults.ts'

/**
 * One statement that reads, and its answer as text. It runs as the reading
 * account where there is one, and with `readonly` set in any case, so that a
 * person's SQL changes nothing on a server that knows one account only.
 * Throws `ERR_STORE_QUERY` and `ERR_STORE_UNREACHABLE`.
 */
export async function ask(
  endpoint: ClickHouseEndpoint,
  sql: string,
  { format, color }: { readonly format: string; readonly color: boolean },
): Promise<string> {
  const client = openClickHouse(endpoint, { readonly: true })
  try {
    const { stream } = await client.exec({
      query: sql,
      http_headers: { 'X-ClickHouse-Format': format },
      clickhouse_settings: {
        output_format_pretty_color: color ? 1 : 0,
        output_format_pretty_row_numbers: 0,
        readonly: '1',
      },
    })
    return await text(stream)
  } catch (error) {
    throw storeFault(error)
  } finally {
    await client.close()
  }
}

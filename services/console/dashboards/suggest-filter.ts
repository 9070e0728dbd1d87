import { z } from 'zod'
import { storeFault } from '../../runtime/clickhouse/faults.ts'
import { filteredTables } from './ad-hoc.ts'
import { askStore, type StoreSource } from './ask-store.ts'
import type { Definition } from './definition.ts'
import type { GrafanaContext } from './macros.ts'

/** The variable by which Grafana's ClickHouse data source is told how to find a column's values. */
const SUGGESTIONS = 'clickhouse_adhoc_query'
const ColumnOf = z.object({ table: z.string(), name: z.string() })

/** Columns by which a dashboard's rows can be filtered: what all of its filtered tables have. */
export async function columnsOf(
  { client, query_timeout_s }: StoreSource,
  { panels }: Definition,
  signal: AbortSignal,
): Promise<string[]> {
  const queries = panels.flatMap(({ targets }) => targets)
  const tables = new Set(queries.flatMap((each) => ('rawSql' in each ? filteredTables(each.rawSql) : [])))
  try {
    const answer = await client.query({
      query: `SELECT table, name FROM system.columns WHERE database = currentDatabase() AND has({tables:Array(String)}, table)
        AND name != 'tenant' AND NOT match(type, 'Array|Map|Tuple|AggregateFunction') ORDER BY name`,
      query_params: { tables: [...tables] },
      format: 'JSONEachRow',
      abort_signal: signal,
      clickhouse_settings: { max_execution_time: query_timeout_s, max_result_rows: '5000' },
    })
    const columns = z.array(ColumnOf).parse(await answer.json<unknown>())
    const names = [...new Set(columns.map(({ name }) => name))]
    // A query that filters do not reach names a table that there is not.
    const known = [...new Set(columns.map(({ table }) => table))]
    return names.filter((name) =>
      known.every((table) => columns.some((each) => each.table === table && each.name === name)),
    )
  } catch (error) {
    throw storeFault(error)
  }
}

/** Values of a column, by the query that the definition has for it. `column` is a plain name. */
export async function valuesOfColumn(
  source: StoreSource,
  { templating }: Definition,
  { column, variables }: { readonly column: string; readonly variables: GrafanaContext['variables'] },
  signal: AbortSignal,
): Promise<string[]> {
  const query = templating.list.find(({ name }) => name === SUGGESTIONS)?.query
  if (query === undefined) return []
  const to = new Date()
  const context = { from: new Date(to.getTime() - 3_600_000), to, interval_s: 60, variables }
  const { rows } = await askStore(source, query.replaceAll('$__adhoc_column', column), context, signal)
  return rows.flatMap(([value]) =>
    value === null || value === undefined || value === '' ? [] : [String(value)],
  )
}

import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client'
import { storeFault } from '../../runtime/clickhouse/faults.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { parameterValue } from './parameter.ts'
import type { SavedQuery } from './saved-query.ts'

/** Rows of one answer at most; what is beyond is not given, and said. */
export const MOST_QUERY_ROWS = 5000
const MOST_MEMORY_BYTES = 1_073_741_824
const MOST_RESULT_BYTES = 67_108_864

export type QueryCell =
  | string
  | number
  | boolean
  | null
  | readonly QueryCell[]
  | { readonly [name: string]: QueryCell }

export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly QueryCell[])[]
  /** There are more rows than an answer takes. */
  readonly cut: boolean
}

/** The values of a query's parameters as the engine takes them. @throws GatewatchError `ERR_USAGE` that names what is wrong. */
export function valuesFor(
  { parameters }: SavedQuery,
  given: Readonly<Record<string, string>>,
  nowMs: number,
): Record<string, string> {
  const values: Record<string, string> = {}
  const mistakes: string[] = []
  for (const parameter of parameters) {
    const text = given[parameter.name] ?? parameter.default
    if (text === null) {
      mistakes.push(`${parameter.name} is needed (${parameter.title})`)
      continue
    }
    const value = parameterValue(parameter, text, nowMs)
    if (value === null) mistakes.push(`${parameter.name} must be ${whatIsWanted(parameter)}`)
    else values[parameter.name] = value
  }
  const known = new Set(parameters.map(({ name }) => name))
  for (const name of Object.keys(given))
    if (!known.has(name)) mistakes.push(`there is no parameter ${JSON.stringify(name)}`)
  if (mistakes.length > 0) throw new GatewatchError('ERR_USAGE', `${mistakes.join('; ')}.`)
  return values
}

function whatIsWanted({ type, choices }: SavedQuery['parameters'][number]): string {
  if (choices.length > 0) return `one of ${choices.join(', ')}`
  return {
    text: 'text of at most 1000 characters',
    integer: 'a whole number',
    number: 'a number',
    instant: 'an instant such as 2026-01-31T09:30:00Z, now, or now-7d',
    flag: 'true or false',
  }[type]
}

/** Asks a saved query, within bounds of time, rows, bytes and memory at the engine. */
export async function runQuery(
  client: ClickHouseClient,
  { sql }: SavedQuery,
  values: Readonly<Record<string, string>>,
  { query_timeout_s, signal }: { readonly query_timeout_s: number; readonly signal?: AbortSignal },
): Promise<QueryAnswer> {
  try {
    const answer = await client.query({
      query: sql,
      query_params: { ...values },
      format: 'JSONCompact',
      ...(signal && { abort_signal: signal }),
      clickhouse_settings: {
        readonly: '1',
        max_execution_time: query_timeout_s,
        limit: String(MOST_QUERY_ROWS + 1),
        max_result_bytes: String(MOST_RESULT_BYTES),
        max_memory_usage: String(MOST_MEMORY_BYTES),
        cancel_http_readonly_queries_on_client_close: 1,
        date_time_output_format: 'iso',
        output_format_json_quote_64bit_integers: 0,
      },
    })
    const { meta = [], data } = await answer.json<QueryCell[]>()
    return {
      columns: meta.map(({ name, type }) => ({ name, type })),
      rows: data.slice(0, MOST_QUERY_ROWS),
      cut: data.length > MOST_QUERY_ROWS,
    }
  } catch (error) {
    if (error instanceof ClickHouseError && error.code === '159')
      throw new GatewatchError(
        'ERR_STORE_QUERY',
        `The store did not answer within ${query_timeout_s} s; choose a shorter time range.`,
        { retriable: true, cause: error },
      )
    throw storeFault(error)
  }
}

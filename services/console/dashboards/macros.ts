import { expandAdHoc, type AdHocFilter } from './ad-hoc.ts'

/**
 * What Grafana and its ClickHouse data source make of a query before it is
 * sent: variables first (in the browser), then macros (in the plugin,
 * version 4, `pkg/macros/macros.go`).
 */
export interface GrafanaContext {
  readonly from: Date
  readonly to: Date
  readonly interval_s: number
  /** A list for a variable that takes several. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>
  /** What the reader filters by, beside the variables. */
  readonly filters?: readonly AdHocFilter[]
}

export function expand(sql: string, context: GrafanaContext): string {
  const expanded = expandMacros(expandVariables(sql, context.variables), context)
  // Last, so that a macro's name in a filter's value stays text.
  return expandAdHoc(expanded, context.filters ?? [])
}

/**
 * `${name:percentencode}`, `${name:customqueryparam:v}`, and `${name}` as it
 * is, as Grafana's formats of these names do it. Several values become `{a,b}`
 * encoded as a whole, or `v=a&v=b`, each encoded.
 */
function expandVariables(text: string, variables: GrafanaContext['variables']): string {
  return text.replaceAll(
    /\$\{(\w+)(?::(\w+))?(?::(\w+))?\}/g,
    (whole, name: string, format?: string, argument?: string) => {
      const value = variables[name]
      if (value === undefined) return whole
      const values = typeof value === 'string' ? [value] : value
      if (format === 'customqueryparam')
        return values.map((each) => `${argument ?? name}=${percentEncode(each)}`).join('&')
      const plain = values.length === 1 ? values.join('') : `{${values.join(',')}}`
      if (format === 'percentencode') return percentEncode(plain)
      if (format !== undefined) throw new Error(`a format that this does not know: ${format}`)
      return plain
    },
  )
}

function expandMacros(sql: string, { from, to, interval_s }: GrafanaContext): string {
  const seconds = (at: Date) => `toDateTime(${Math.floor(at.getTime() / 1000)})`
  const day = (at: Date) => `toDate('${at.toISOString().slice(0, 10)}')`
  const millis = (at: Date) => `fromUnixTimestamp64Milli(${at.getTime()})`
  return sql
    .replaceAll(
      /\$__timeFilter_ms\((\w+)\)/g,
      (_m, column: string) => `${column} >= ${millis(from)} AND ${column} <= ${millis(to)}`,
    )
    .replaceAll(
      /\$__timeFilter\((\w+)\)/g,
      (_m, column: string) => `${column} >= ${seconds(from)} AND ${column} <= ${seconds(to)}`,
    )
    .replaceAll(
      /\$__timeInterval\((\w+)\)/g,
      (_m, column: string) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${interval_s} second)`,
    )
    .replaceAll(
      /\$__dateFilter\((\w+)\)/g,
      (_m, column: string) => `${column} >= ${day(from)} AND ${column} <= ${day(to)}`,
    )
    .replaceAll('$__interval_s', String(interval_s))
    .replaceAll('$__fromTime_ms', millis(from))
    .replaceAll('$__toTime_ms', millis(to))
    .replaceAll('$__fromTime', seconds(from))
    .replaceAll('$__toTime', seconds(to))
}

/** encodeURIComponent and the five characters that RFC 3986 reserves beside. */
function percentEncode(value: string): string {
  return encodeURIComponent(value).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

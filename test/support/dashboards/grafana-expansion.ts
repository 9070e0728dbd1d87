/**
 * What Grafana 13 and its ClickHouse data source (version 4.20) make of a query
 * before the engine sees it: variables and ad-hoc filters in the browser,
 * comments and macros in the plugin. Written from their source, apart from what
 * the console does, so that the two can be held against each other.
 *
 * @see https://github.com/grafana/scenes packages/scenes/src/variables/interpolation/formatRegistry.ts
 * @see https://github.com/grafana/clickhouse-datasource src/data/adHocFilter.ts, pkg/macros/macros.go
 */
export interface Grafana {
  readonly from: Date
  readonly to: Date
  readonly interval_ms: number
  readonly variables: Readonly<Record<string, Value>>
  readonly filters?: readonly { readonly key: string; readonly operator: string; readonly value: string }[]
}

/** Of a text, of a choice of several, and of "All" where the variable says what stands for it. */
export type Value = string | readonly string[] | { readonly all: string }

export function expandAsGrafana(sql: string, grafana: Grafana): string {
  return expandMacros(withoutComments(expandInBrowser(sql, grafana)), grafana)
}

/** As much of it as has been done when Grafana's server gets the query. */
export function expandInBrowser(sql: string, grafana: Pick<Grafana, 'variables' | 'filters'>): string {
  return expandFilters(expandVariables(sql, grafana), grafana)
}

function expandVariables(sql: string, { variables }: Pick<Grafana, 'variables'>): string {
  return sql.replaceAll(/\$\{(\w+)(?::([^}]+))?\}/g, (whole, name: string, written?: string) => {
    const value = variables[name]
    if (value === undefined) return whole
    const [format = 'glob', ...args] = (written ?? 'glob').split(':')
    if (typeof value === 'object' && 'all' in value)
      return format === 'percentencode' ? strictlyEncoded(value.all) : value.all
    const formatter = FORMATS[format]
    if (formatter === undefined) throw new Error(`Grafana knows no format ${format}`)
    return formatter(value, args, name)
  })
}

const several = (value: string | readonly string[]) => (typeof value === 'string' ? [value] : value)
const FORMATS: Readonly<
  Record<string, (value: string | readonly string[], args: readonly string[], name: string) => string>
> = {
  glob: (value) =>
    typeof value === 'object' && value.length > 1 ? `{${value.join(',')}}` : several(value).join(','),
  percentencode: (value) => strictlyEncoded(typeof value === 'string' ? value : `{${value.join(',')}}`),
  customqueryparam: (value, [as, prefix = ''], name) =>
    several(value)
      .map((each) => `${strictlyEncoded(as ?? name)}=${strictlyEncoded(prefix)}${strictlyEncoded(each)}`)
      .join('&'),
}

function strictlyEncoded(value: string): string {
  const hex = (c: string) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(value).replaceAll(/[!'()*]/g, hex)
}

/** The plugin escapes a quote around a value and nothing in it: what a reader may do, the account says. */
function expandFilters(sql: string, { filters = [] }: Pick<Grafana, 'filters'>): string {
  return sql.replaceAll(/\$__adHocFilters\s*\(([^)]+)\)/g, (_, names: string) => {
    const tables = [...names.matchAll(/['"]([^'"]+)['"]/g)].map(([, table]) => table)
    const named: Readonly<Record<string, string>> = { '=~': 'REGEXP', '!~': 'NOT REGEXP' }
    const conditions = filters.map(({ key, operator, value }, i) => {
      const column = key.includes('.') ? key.slice(key.indexOf('.') + 1) : key
      return ` ${column} ${named[operator] ?? operator} \\'${value}\\' ${i === filters.length - 1 ? '' : 'AND'}`
    })
    if (conditions.length === 0) return 'additional_table_filters={}'
    return `additional_table_filters={${tables.map((table) => `'${table}': '${conditions.join('')}'`).join(', ')}}`
  })
}

/** Comments go, whatever they hold; what stands in quotes stays. */
function withoutComments(sql: string): string {
  return sql.replaceAll(
    /'(?:\\[\s\S]|''|[^'\\])*'|"(?:[^"])*"|`(?:[^`])*`|--[^\n]*|\/\*[\s\S]*?\*\//g,
    (token) => (/^(--|\/\*)/.test(token) ? '' : token),
  )
}

function expandMacros(sql: string, { from, to, interval_ms }: Grafana): string {
  const seconds = (at: Date) => `toDateTime(${Math.floor(at.getTime() / 1000)})`
  const millis = (at: Date) => `fromUnixTimestamp64Milli(${at.getTime()})`
  const day = (at: Date) => `toDate('${at.toISOString().slice(0, 10)}')`
  const interval_s = Math.trunc(Math.max(interval_ms / 1000, 1))
  const macros: Readonly<Record<string, (column: string) => string>> = {
    fromTime: () => seconds(from),
    toTime: () => seconds(to),
    fromTime_ms: () => millis(from),
    toTime_ms: () => millis(to),
    timeFilter: (column) => `${column} >= ${seconds(from)} AND ${column} <= ${seconds(to)}`,
    timeFilter_ms: (column) => `${column} >= ${millis(from)} AND ${column} <= ${millis(to)}`,
    dateFilter: (column) => `${column} >= ${day(from)} AND ${column} <= ${day(to)}`,
    timeInterval: (column) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${interval_s} second)`,
    timeInterval_ms: (column) =>
      `toStartOfInterval(toDateTime64(${column}, 3), INTERVAL ${Math.max(interval_ms, 1)} millisecond)`,
    interval_s: () => String(interval_s),
  }
  return sql.replaceAll(/\$__(\w+)(?:\(([^()]*)\))?/g, (whole, name: string, argument = '') => {
    return macros[name]?.(String(argument).trim()) ?? whole
  })
}

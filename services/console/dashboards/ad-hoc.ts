import { z } from 'zod'

/** How a column is compared, as Grafana writes it, and what ClickHouse calls that. */
const OPERATORS: Readonly<Record<string, string>> = {
  '=': '=',
  '!=': '!=',
  '<': '<',
  '>': '>',
  '=~': 'REGEXP',
  '!~': 'NOT REGEXP',
}

/** A condition that the reader adds to a dashboard: a column, how it is compared, a value. */
export interface AdHocFilter {
  readonly key: string
  readonly operator: string
  readonly value: string
}

const Key = z.string().regex(/^[A-Za-z_]\w{0,99}$/)
/** As Grafana writes it into an address: three parts, each without `|`, `,` and `#`. */
const Written = z.string().transform((text, { issues }) => {
  const [key = '', operator = '', ...rest] = text.split('|').map(unescaped)
  const [value = ''] = rest
  if (rest.length === 1 && Key.safeParse(key).success && OPERATORS[operator] !== undefined)
    return { key, operator, value }
  issues.push({ code: 'custom', input: text, message: 'a column, an operator and a value, parted by |' })
  return z.NEVER
})

/** Ad-hoc filters as they stand in an address: `var-filters=resource_app|=|payroll`. Ten at most. */
export const AdHocFilters = z.array(Written).max(10)

/**
 * `$__adHocFilters('decisions')` as Grafana's ClickHouse data source expands it
 * (since version 4.12): the setting that makes ClickHouse filter the named
 * tables wherever a query reads them. Without filters it is an empty map.
 *
 * A key can only be a plain name and an operator one of ours; a value stands in
 * a literal within a literal, so it is escaped twice.
 *
 * @see https://clickhouse.com/docs/operations/settings/settings#additional_table_filters
 */
export function expandAdHoc(sql: string, filters: readonly AdHocFilter[]): string {
  return sql.replaceAll(/\$__adHocFilters\s*\(([^)]*)\)/g, (_, names: string) => {
    const tables = [...names.matchAll(/['"]([^'"]+)['"]/g)].map(([, table]) => table)
    const condition = filters.map(conditionOf).join(' AND ')
    const entries = condition === '' ? [] : tables.map((table) => `'${table}' : '${condition}'`)
    return `additional_table_filters={${entries.join(', ')}}`
  })
}

/** Tables whose rows a query lets the reader filter. */
export function filteredTables(sql: string): string[] {
  return [...sql.matchAll(/\$__adHocFilters\s*\(([^)]*)\)/g)].flatMap(([, names = '']) =>
    [...names.matchAll(/['"]([^'"]+)['"]/g)].map(([, table = '']) => table),
  )
}

function conditionOf({ key, operator, value }: AdHocFilter): string {
  const known = OPERATORS[operator]
  if (known === undefined || !Key.safeParse(key).success)
    throw new Error(`not an ad-hoc filter: ${key} ${operator}`)
  return `${key} ${known} \\'${twiceEscaped(value)}\\'`
}

function twiceEscaped(value: string): string {
  return value.replaceAll('\\', '\\\\\\\\').replaceAll("'", "\\\\\\'")
}

/** Grafana's escapes of the characters that part a filter. */
function unescaped(text: string): string {
  return text.replaceAll('__gfp__', '|').replaceAll('__gfc__', ',').replaceAll('__gfh__', '#')
}

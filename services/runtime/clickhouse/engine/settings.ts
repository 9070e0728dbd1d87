import { quoted } from '../quoted.ts'
import { refuse } from './exception.ts'

/** Parameters of ClickHouse's HTTP interface that are not settings of the engine. */
const OF_THE_INTERFACE = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'user',
  'password',
  'quota_key',
  'session_id',
  'session_timeout',
  'session_check',
  'role',
  'stacktrace',
  'compress',
  'decompress',
  'client_protocol_version',
  'buffer_size',
  'wait_end_of_query',
  'close_session',
  'add_http_cors_header',
  'http_response_buffer_size',
  'http_write_exception_in_output_format',
  'enable_http_compression',
  'http_zlib_compression_level',
  'http_response_compression_method',
  'http_native_compression_disable_checksumming_on_decompress',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
])

/** What bounds a query; a caller may tighten these, never loosen them. */
export interface Limits {
  readonly max_execution_time: number
  readonly max_result_rows: number
  readonly max_result_bytes: number
  readonly max_memory_usage: number
  readonly max_threads: number
}

/**
 * The engine reads with one thread where less than so many bytes are free for each: by default 1 GiB, which an engine
 * that may have 600 MiB never has. Two threads halve the time of a panel over months. The bound of a query's memory
 * holds as before. Only for readers: what writes goes in as the blocks that were made of it.
 */
const READ_WITH_ALL = ['max_threads_min_free_memory_per_thread', String(64 * 1024 * 1024)] as const

/** Settings that would undo what keeps the engine within its means or an account within its rights. */
const FIXED = new Set([
  'readonly',
  'log_comment',
  'result_overflow_mode',
  'timeout_overflow_mode',
  'allow_ddl',
])

/** Splits a query string into parameters (`param_x`), settings, and the interface's own. */
export function settingsOf(search: URLSearchParams): {
  settings: Map<string, string>
  params: Map<string, string>
} {
  const settings = new Map<string, string>()
  const params = new Map<string, string>()
  for (const [name, value] of search) {
    if (name.startsWith('param_')) params.set(checkedName(name), value)
    else if (!OF_THE_INTERFACE.has(name)) settings.set(checkedName(name), value)
  }
  return { settings, params }
}

/**
 * The statements that prepare a fresh connection for one request: database,
 * parameters, settings, limits, and last, which can't be taken back,
 * `readonly`. A parameter's value travels as ClickHouse's escaped form and is
 * only quoted here, so that no value can become SQL.
 */
export function preparation(options: {
  database: string
  params: ReadonlyMap<string, string>
  settings: ReadonlyMap<string, string>
  limits: Limits
  queryId: string
  readonly: boolean
}): string {
  const assignments = new Map<string, string>(options.params)
  for (const [name, limit] of Object.entries(options.limits)) assignments.set(name, String(limit))
  if (options.readonly) assignments.set(...READ_WITH_ALL)
  for (const [name, value] of options.settings) {
    if (FIXED.has(name)) {
      // A client that asks for what it has anyway (Grafana sends readonly) is no offence.
      if (name === 'readonly' || name === 'log_comment') continue
      throw refuse(452, `Setting ${name} can't be changed here`)
    }
    const limit = Object.entries(options.limits).find(([limited]) => limited === name)?.[1]
    if (limit === undefined) assignments.set(name, value)
    else assignments.set(name, String(tighter(name, value, limit)))
  }
  assignments.set('log_comment', options.queryId)
  const list = [...assignments].map(([name, value]) => `${name} = ${quoted(value)}`)
  return [
    `USE ${identifier(options.database)}`,
    `SET ${list.join(', ')}`,
    ...(options.readonly ? ['SET readonly = 1'] : []),
  ].join('; ')
}

function identifier(name: string): string {
  return `\`${name.replace(/[\\`]/g, (mark) => `\\${mark}`)}\``
}

function checkedName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) throw refuse(115, 'Unknown setting: not a name')
  return name
}

function tighter(name: string, value: string, limit: number): number {
  const asked = Number(value)
  if (!Number.isFinite(asked) || asked < 0) throw refuse(36, `Setting ${name} must be a number from 0`)
  // 0 means no limit in ClickHouse, which here is the limit there is.
  return asked === 0 ? limit : Math.min(asked, limit)
}

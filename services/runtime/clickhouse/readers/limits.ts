/** A setting of a reading account: what it begins with, and how far the account may move it; not at all without `least` and `most`. */
export interface Limit {
  readonly setting: string
  readonly value: number | string
  readonly least?: number
  readonly most?: number
}

const MIB = 1024 * 1024
const GIB = 1024 * MIB

/**
 * What one account of a dashboard may take of a server, for a hundred million
 * decisions on some cores. A panel that needs more fails and says so: nothing is
 * cut short in silence, since an answer that is not whole looks like one.
 *
 * `readonly` is 2 and not 1: Grafana's data source sends `max_execution_time`
 * (its own timeouts plus five seconds) and, for ad-hoc filters,
 * `additional_table_filters`, and 1 refuses every setting. So each limit has a
 * bound of its own, and a least one, since 0 means "no limit" to ClickHouse.
 */
export const READER_LIMITS: readonly Limit[] = [
  { setting: 'readonly', value: 2 },
  { setting: 'allow_ddl', value: 0 },
  { setting: 'allow_introspection_functions', value: 0 },
  // Who asked what stays in the query log.
  { setting: 'log_queries', value: 1 },
  { setting: 'max_execution_time', value: 30, least: 1, most: 90 },
  { setting: 'timeout_overflow_mode', value: 'throw' },
  { setting: 'max_threads', value: 4, least: 1, most: 8 },
  { setting: 'max_concurrent_queries_for_user', value: 20 },
  { setting: 'max_memory_usage', value: GIB, least: MIB, most: GIB },
  { setting: 'max_memory_usage_for_user', value: 4 * GIB },
  { setting: 'max_temporary_data_on_disk_size_for_query', value: 2 * GIB },
  { setting: 'max_rows_to_read', value: 2_000_000_000, least: 1, most: 2_000_000_000 },
  { setting: 'max_bytes_to_read', value: 200 * GIB, least: 1, most: 200 * GIB },
  { setting: 'read_overflow_mode', value: 'throw' },
  { setting: 'max_result_rows', value: 1_000_000, least: 1, most: 1_000_000 },
  { setting: 'max_result_bytes', value: 128 * MIB, least: 1, most: 128 * MIB },
  { setting: 'result_overflow_mode', value: 'throw' },
]

/** The settings profile of reading accounts. */
export const READER_PROFILE = 'gatewatch_reader'

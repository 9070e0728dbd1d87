import type { ClickHouseClient } from '@clickhouse/client'
import { GatewatchError } from '../../runtime/errors.ts'
import type { Panel, Target } from './definition.ts'
import { intervalOf } from './interval.ts'
import { expand, type GrafanaContext } from './macros.ts'
import { askPrometheus } from './prometheus.ts'
import { seriesOf, type Cell, type Rows, type SeriesSet } from './series.ts'

/** What a panel shows: lines, rows, or why neither. */
export type PanelAnswer =
  | ({ readonly kind: 'series'; readonly interval_s: number } & SeriesSet)
  | ({ readonly kind: 'rows' } & Rows)
  | { readonly kind: 'unavailable'; readonly message: string }

export interface PanelQuestion {
  readonly fromMs: number
  readonly toMs: number
  /** Points on the time axis at most. */
  readonly points: number
  readonly variables: GrafanaContext['variables']
}

export interface PanelSources {
  readonly client: ClickHouseClient
  readonly query_timeout_s: number
  readonly prometheus_url: string | undefined
}

/** Rows of one answer at most; every query says its own LIMIT, which is less. */
const MOST_ROWS = 20_000

/** Asks for what a panel shows, by the query of its definition and nothing else. */
export async function askPanel(
  sources: PanelSources,
  { targets: [target] }: Panel,
  question: PanelQuestion,
): Promise<PanelAnswer> {
  if (target === undefined) return { kind: 'rows', columns: [], rows: [] }
  const { fromMs, toMs, points } = question
  const interval_s = intervalOf(toMs - fromMs, points)
  if (isPrometheus(target)) {
    const { prometheus_url } = sources
    if (prometheus_url === undefined)
      return {
        kind: 'unavailable',
        message: 'Prometheus knows this; console.prometheus_url in the configuration says where it is.',
      }
    const { expr, legendFormat: legend } = target
    const lines = await askPrometheus(prometheus_url, { expr, legend, fromMs, toMs, step_s: interval_s })
    return { kind: 'series', interval_s, ...lines }
  }
  const rows = await askStore(sources, target.rawSql, { ...question, interval_s })
  return target.queryType === 'timeseries'
    ? { kind: 'series', interval_s, ...seriesOf(rows) }
    : { kind: 'rows', ...rows }
}

/** Runs one query of a dashboard with its macros and variables expanded. */
export async function askStore(
  { client, query_timeout_s }: PanelSources,
  sql: string,
  { fromMs, toMs, interval_s, variables }: Omit<PanelQuestion, 'points'> & { readonly interval_s: number },
): Promise<Rows> {
  const query = expand(sql, { from: new Date(fromMs), to: new Date(toMs), interval_s, variables })
  try {
    const answer = await client.query({
      query,
      format: 'JSONCompact',
      clickhouse_settings: {
        max_execution_time: query_timeout_s,
        max_result_rows: String(MOST_ROWS),
        date_time_output_format: 'iso',
        output_format_json_quote_64bit_integers: 0,
      },
    })
    const { meta = [], data } = await answer.json<Cell[]>()
    return { columns: meta.map(({ name, type }) => ({ name, type })), rows: data }
  } catch (error) {
    throw new GatewatchError(
      'ERR_STORE_QUERY',
      'The store could not answer for this panel; a shorter time range is answered sooner.',
      { retriable: true, cause: error },
    )
  }
}

function isPrometheus(target: Target): target is Extract<Target, { expr: string }> {
  return 'expr' in target
}

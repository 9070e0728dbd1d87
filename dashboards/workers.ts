import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { lines } from './panels.ts'

/** The processes' own metrics, as Prometheus scrapes them from their admin ports. */
const prometheus = { type: 'prometheus', uid: 'gatewatch-prometheus' } as const

function metric(title: string, question: string, expr: string, legend: string): PanelBuilder {
  return lines(title, question)
    .datasource(prometheus)
    .withTarget(new DataqueryBuilder().refId('A').datasource(prometheus).expr(expr).legendFormat(legend))
}

export const storageLag = (): PanelBuilder =>
  metric(
    'Waiting to be stored',
    'Does the store keep up with the log?',
    'sum by (topic) (gatewatch_storage_lag_records)',
    '{{topic}}',
  )

export const scoringRate = (): PanelBuilder =>
  metric(
    'Records scored a second',
    'How much does scoring handle, and what becomes of it?',
    'sum by (stage, outcome) (rate(gatewatch_scoring_records_total[$__rate_interval]))',
    '{{stage}} {{outcome}}',
  )

export const scoringSeconds = (): PanelBuilder =>
  metric(
    'Time of a scoring batch',
    'Is scoring quick enough to act on the next request?',
    'histogram_quantile(0.99, sum by (le, stage) (rate(gatewatch_scoring_batch_seconds_bucket[$__rate_interval])))',
    '{{stage}} p99',
  ).unit('s')

export const flushSeconds = (): PanelBuilder =>
  metric(
    'Until a decision is durable',
    'How long does it take until a decision is on disk?',
    'histogram_quantile(0.99, sum by (le) (rate(gatewatch_gateway_flush_seconds_bucket[$__rate_interval])))',
    'p99',
  ).unit('s')

export const unrecorded = (): PanelBuilder =>
  metric(
    'Decisions not recorded',
    'Could a gateway not write its decisions down? Anything above zero wants a person.',
    'sum by (instance) (increase(gatewatch_gateway_unrecorded_total[$__rate_interval]))',
    '{{instance}}',
  )

export const engineRestarts = (): PanelBuilder =>
  metric(
    'Restarts of the store',
    'Did the embedded ClickHouse die and come back?',
    'sum(increase(gatewatch_clickhouse_engine_restarts_total[$__rate_interval]))',
    'restarts',
  )

import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { metric } from './metrics.ts'

export const canary = (): PanelBuilder =>
  metric(
    'Age of the canary by stage',
    'A decision about nobody travels the whole way every few seconds: where is it held up?',
    'max by (stage) (gatewatch_canary_age_seconds)',
    '{{stage}}',
  ).unit('s')

export const lagSeconds = (): PanelBuilder =>
  metric(
    'Behind, in seconds',
    'Which reader is behind the log, and by how much time?',
    'max by (group) (gatewatch_log_lag_seconds)',
    '{{group}}',
  ).unit('s')

export const lagByPartition = (): PanelBuilder =>
  metric(
    'Waiting by partition',
    'Is one partition behind the others: a hot key, a stalled worker?',
    'topk(20, max by (group, topic, partition) (gatewatch_log_partition_lag_records))',
    '{{group}} {{topic}} {{partition}}',
  )

export const spool = (): PanelBuilder =>
  metric(
    'Spool in use',
    'Do decisions wait at a gateway because the log is away, and how full is its spool?',
    'gatewatch_gateway_spool_bytes / (gatewatch_gateway_spool_max_bytes > 0)',
    '{{instance}}',
  ).unit('percentunit')

export const storageLag = (): PanelBuilder =>
  metric(
    'Waiting to be stored',
    'Does the store keep up with the log?',
    'sum by (topic) (gatewatch_storage_lag_records)',
    '{{topic}}',
  )

export const insertSeconds = (): PanelBuilder =>
  metric(
    'Time of an insert',
    'How long does the store take for a block?',
    'histogram_quantile(0.99, sum by (le) (rate(gatewatch_storage_insert_seconds_bucket[$__rate_interval])))',
    'p99',
  ).unit('s')

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

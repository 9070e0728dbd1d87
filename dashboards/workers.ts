import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { metric, metrics } from './metrics.ts'

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
    'Behind by partition',
    'Is one partition behind the others, and by how much time: a hot key, a stalled worker?',
    'topk(20, max by (group, topic, partition) (gatewatch_log_partition_lag_seconds) > 0)',
    '{{group}} {{topic}} {{partition}}',
  )
    .noValue('No partition is behind')
    .unit('s')

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
    'How long does the store take for a block, table by table?',
    'histogram_quantile(0.99, sum by (le, table) (rate(gatewatch_storage_insert_seconds_bucket[$__rate_interval])))',
    '{{table}} p99',
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

export const accountedFor = (): PanelBuilder =>
  metrics(
    'Received, stored, put aside',
    'Is everything that the store took from the log stored or put aside, with nothing left over?',
    {
      received: 'sum(rate(gatewatch_log_handled_records_total{group="storage"}[$__rate_interval]))',
      stored: 'sum(rate(gatewatch_storage_rows_total[$__rate_interval]))',
      'put aside': 'sum(rate(gatewatch_storage_dead_letters_total[$__rate_interval]))',
    },
  )

export const spoolWaiting = (): PanelBuilder =>
  metrics('Decisions in the spool', 'How many decisions wait at gateways, and do they drain?', {
    waiting: 'sum(gatewatch_gateway_spool_waiting_decisions)',
    'spooled a second': 'sum(rate(gatewatch_gateway_spool_spooled_decisions_total[$__rate_interval]))',
    'drained a second': 'sum(rate(gatewatch_gateway_spool_drained_decisions_total[$__rate_interval]))',
  })

export const storeAway = (): PanelBuilder =>
  metric(
    'Store away',
    'For how long has the store taken nothing?',
    'max(gatewatch_storage_away_seconds)',
    'seconds without an insert',
  ).unit('s')

export const collectorLag = (): PanelBuilder =>
  metric(
    'Behind by source',
    'Which live source of foreign logs is behind, or silent?',
    'max by (source) (gatewatch_collector_lag_seconds)',
    '{{source}}',
  )
    .noValue('No live source is set up')
    .unit('s')

export const collected = (): PanelBuilder =>
  metric(
    'Records of live sources',
    'What becomes of what live sources bring?',
    'sum by (source, outcome) (rate(gatewatch_collector_records_total[$__rate_interval]))',
    '{{source}} {{outcome}}',
  ).noValue('No live source is set up')

export const alertDeliveries = (): PanelBuilder =>
  metric(
    'Alerts told',
    'Do alerts reach the people who must know?',
    'sum by (receiver, outcome) (increase(gatewatch_feedback_alert_deliveries_total[$__rate_interval]))',
    '{{receiver}} {{outcome}}',
  ).noValue('No alert was sent in this time range')

export const heldBack = (): PanelBuilder =>
  metric(
    'Findings held back',
    'Which rule of the operator has more findings a day than it may, so that some are held back?',
    'sum by (rule) (increase(gatewatch_scoring_rule_findings_held_total[$__rate_interval]))',
    '{{rule}}',
  ).noValue('No rule holds findings back')

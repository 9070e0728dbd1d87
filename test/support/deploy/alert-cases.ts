import { stringify } from 'yaml'
import type { Rule } from './rules.ts'

type Series = readonly [name: string, values: string]

/** Series every 15 s for 20 minutes with which no alert may fire, peaks that pass included. */
const QUIET: readonly Series[] = [
  ['up{job="gatewatch", role="gateway", instance="g:9090"}', '1x80'],
  ['up{job="gatewatch", role="scoring", instance="s:9090"}', '1x80'],
  ['up{job="gatewatch", role="calibration", instance="c:9090"}', '1x80'],
  ['gatewatch_calibration_uniformity_p{job="gatewatch", detector="volume"}', '0.4x80'],
  ['up{job="gatewatch", role="storage", instance="t:9090"}', '1x80'],
  ['up{job="gatewatch", role="feedback", instance="f:9090"}', '1x80'],
  ['up{job="gatewatch", role="verify", instance="v:9090"}', '1x80'],
  ['up{job="gatewatch", role="collector", instance="l:9090"}', '1x80'],
  ['gatewatch_collector_silent{job="gatewatch", source="hosts"}', '0x80'],
  ['gatewatch_collector_lag_seconds{job="gatewatch", source="hosts"}', '0x40 400x2 0x40'],
  ['gatewatch_collector_losses_total{job="gatewatch", source="hosts", cause="truncated"}', '2x80'],
  ['gatewatch_canary_age_seconds{job="gatewatch", stage="store"}', '6x80'],
  ['gatewatch_verify_problems{job="gatewatch", kind="altered"}', '0x80'],
  ['gatewatch_verify_verified_timestamp_seconds{job="gatewatch"}', '0+15x80'],
  [
    'gatewatch_nodejs_eventloop_lag_p99_seconds{job="gatewatch", role="gateway", instance="g:9090"}',
    '0.02x80',
  ],
  ['gatewatch_gateway_unrecorded_total{job="gatewatch", cause="timeout"}', '7x80'],
  ['gatewatch_gateway_append_failures_total{job="gatewatch", instance="g:9090"}', '3x80'],
  ['gatewatch_gateway_spool_bytes{job="gatewatch", instance="g:9090"}', '400x80'],
  ['gatewatch_gateway_spool_max_bytes{job="gatewatch", instance="g:9090"}', '1000x80'],
  ['gatewatch_gateway_spool_full{job="gatewatch", instance="g:9090"}', '0x80'],
  ['gatewatch_gateway_spool_missing_decisions_total{job="gatewatch", instance="g:9090"}', '2x80'],
  ['gatewatch_gateway_lost_decisions{job="gatewatch", instance="g:9090"}', '0x80'],
  ['gatewatch_gateway_risk_age_seconds{job="gatewatch", instance="g:9090"}', '0.4x80'],
  ['gatewatch_log_lag_seconds{job="gatewatch", group="scoring"}', '0x40 12x2 0x40'],
  ['gatewatch_log_lag_seconds{job="gatewatch", group="feedback"}', '1x80'],
  ['gatewatch_log_lag_seconds{job="gatewatch", group="storage"}', '120x80'],
  ['gatewatch_log_removed_unread_records_total{job="gatewatch", topic="access.decisions.v1"}', '0x80'],
  ['gatewatch_log_denied_requests_total{job="gatewatch", resource="group"}', '2x80'],
  ['gatewatch_log_appended_records_total{job="gatewatch", topic="access.decisions.v1"}', '0+500x80'],
  ['gatewatch_log_appended_records_total{job="gatewatch", topic="access.decisions.v1.dead-letter"}', '9x80'],
  ['gatewatch_log_handler_failures_total{job="gatewatch", group="scoring"}', '1x80'],
  ['gatewatch_storage_retries_total{job="gatewatch", cause="unreachable"}', '0x40 5x40'],
  ['gatewatch_clickhouse_engine_restarts_total{job="gatewatch", instance="t:9090"}', '0x40 1x40'],
  ['gatewatch_storage_dead_letters_total{job="gatewatch", reason="unstorable"}', '4x80'],
  ['gatewatch_feedback_alert_deliveries_total{job="gatewatch", receiver="pager", outcome="retry"}', '0+1x80'],
  [
    'gatewatch_feedback_alert_deliveries_total{job="gatewatch", receiver="pager", outcome="delivered"}',
    '0+1x80',
  ],
  ['gatewatch_feedback_evicted_total{job="gatewatch", what="entity"}', '5x80'],
  [
    'gatewatch_feedback_gateway_heartbeat_age_seconds{job="gatewatch", tenant="default", pep_id="edge-1"}',
    '4x80',
  ],
  ['gatewatch_log_consumer_restarts_total{job="gatewatch", group="scoring", cause="stalled"}', '0x40 1x40'],
  ['gatewatch_scoring_partitions{job="gatewatch", stage="subject", state="refused"}', '0x80'],
  ['gatewatch_scoring_partitions{job="gatewatch", stage="subject", state="restoring"}', '3x80'],
  ['gatewatch_scoring_list_age_seconds{job="gatewatch", list="exits"}', '0+15x80'],
  ['gatewatch_scoring_list_refresh_seconds{job="gatewatch", list="exits"}', '3600x80'],
  ['gatewatch_scoring_rule_problems{job="gatewatch", kind="rule"}', '0x80'],
  ['gatewatch_scoring_rule_findings_held_total{job="gatewatch", rule="exports"}', '4x80'],
]

interface Case {
  readonly series: readonly Series[]
  /** Beside severity. */
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  /** When it is looked at; default 20 minutes after the beginning. */
  readonly after?: string
}

const g = 'job="gatewatch", role="gateway", instance="g:9090"'
const onGateway = { job: 'gatewatch', role: 'gateway', instance: 'g:9090' }

/** With which each alert fires after 20 minutes, and what it then says. */
const FIRING: Readonly<Record<string, Case>> = {
  GatewatchRoleDown: {
    series: [[`up{${g}}`, '1x40 0x40']],
    labels: { ...onGateway, part: 'gateway' },
    summary: 'gateway on g:9090 does not answer.',
  },
  GatewatchRoleAbsent: {
    series: [
      ['up{job="gatewatch", role="gateway"}', '1x80'],
      ['up{job="gatewatch", role="scoring"}', '1x80'],
      ['up{job="gatewatch", role="calibration"}', '1x80'],
      ['up{job="gatewatch", role="storage"}', '1x80'],
      ['up{job="gatewatch", role="feedback"}', '1x20 0x60'],
      ['up{job="gatewatch", role="verify"}', '1x80'],
      ['up{job="gatewatch", role="collector"}', '1x80'],
    ],
    labels: { role: 'feedback', part: 'feedback' },
    summary: 'No feedback runs.',
  },
  GatewatchEventLoopHeld: {
    series: [[`gatewatch_nodejs_eventloop_lag_p99_seconds{${g}}`, '0.9x80']],
    labels: { ...onGateway, part: 'gateway' },
    summary: 'gateway on g:9090 is short of processor time.',
  },
  GatewatchUnrecorded: {
    series: [[`gatewatch_gateway_unrecorded_total{${g}, cause="timeout"}`, '0x70 0+3x10']],
    labels: { cause: 'timeout', part: 'gateway' },
    summary: '27 requests in five minutes could not be recorded (timeout).',
  },
  GatewatchLogAway: {
    series: [[`gatewatch_gateway_append_failures_total{${g}}`, '0x70 0+1x10']],
    labels: { ...onGateway, part: 'log' },
    summary: 'The gateway g:9090 can not write to the event log.',
  },
  GatewatchSpoolHalf: {
    series: [
      [`gatewatch_gateway_spool_bytes{${g}}`, '600x80'],
      [`gatewatch_gateway_spool_max_bytes{${g}}`, '1000x80'],
    ],
    labels: { ...onGateway, part: 'gateway' },
    summary: 'The spool of g:9090 is 60% full.',
  },
  GatewatchSpoolFourFifths: {
    series: [
      [`gatewatch_gateway_spool_bytes{${g}}`, '850x80'],
      [`gatewatch_gateway_spool_max_bytes{${g}}`, '1000x80'],
    ],
    labels: { ...onGateway, part: 'gateway' },
    summary: 'The spool of g:9090 is 85% full.',
  },
  GatewatchSpoolFull: {
    series: [[`gatewatch_gateway_spool_full{${g}}`, '0x79 1']],
    labels: { ...onGateway, part: 'gateway' },
    summary: 'The spool of g:9090 takes nothing more.',
  },
  GatewatchSpoolDamaged: {
    series: [[`gatewatch_gateway_spool_missing_decisions_total{${g}}`, '0x40 12x40']],
    labels: { ...onGateway, part: 'gateway' },
    summary: '12 decisions in the spool of g:9090 can not be read.',
  },
  GatewatchDecisionsLost: {
    series: [[`gatewatch_gateway_lost_decisions{${g}}`, '4x80']],
    labels: { ...onGateway, part: 'gateway' },
    summary: 'The log lost 4 decisions of g:9090.',
  },
  GatewatchGatewaySilent: {
    series: [
      [
        'gatewatch_feedback_gateway_heartbeat_age_seconds{job="gatewatch", tenant="default", pep_id="edge-1"}',
        '2x60 62+15x20',
      ],
    ],
    labels: { tenant: 'default', pep_id: 'edge-1', part: 'gateway' },
    summary: 'The gateway edge-1 has been silent for 5m 47s.',
  },
  GatewatchRiskStale: {
    series: [[`gatewatch_gateway_risk_age_seconds{${g}}`, '45x80']],
    labels: { ...onGateway, part: 'risk' },
    summary: 'The gateway g:9090 decides with risk that is 45s old.',
  },
  GatewatchLagScoring: {
    series: [
      ['gatewatch_log_lag_seconds{job="gatewatch", group="scoring-source", instance="a"}', '21x80'],
      ['gatewatch_log_lag_seconds{job="gatewatch", group="scoring-source", instance="b"}', '20x80'],
    ],
    labels: { group: 'scoring-source', part: 'risk' },
    summary: 'scoring-source is 21s behind.',
  },
  GatewatchLagFeedback: {
    series: [['gatewatch_log_lag_seconds{job="gatewatch", group="feedback"}', '90x80']],
    labels: { group: 'feedback', part: 'risk' },
    summary: 'The ledger is 1m 30s behind.',
  },
  GatewatchLagStorage: {
    series: [['gatewatch_log_lag_seconds{job="gatewatch", group="storage"}', '600x80']],
    labels: { group: 'storage', part: 'store' },
    summary: 'The store is 10m 0s behind.',
  },
  GatewatchLogDenied: {
    series: [
      ['gatewatch_log_denied_requests_total{job="gatewatch", resource="topic", instance="a"}', '0x70 0+1x10'],
      ['gatewatch_log_denied_requests_total{job="gatewatch", resource="topic", instance="b"}', '3x80'],
    ],
    labels: { resource: 'topic', part: 'log' },
    summary: 'Kafka refuses our user what it may not use: a topic.',
  },
  GatewatchUnreadRemoved: {
    series: [[`gatewatch_log_removed_unread_records_total{${g}, topic="access.scored.v1"}`, '0x40 100x40']],
    labels: { ...onGateway, topic: 'access.scored.v1', part: 'log' },
    summary: 'Records of access.scored.v1 were removed before a reader had them.',
  },
  GatewatchDeadLetters: {
    series: [
      [
        'gatewatch_log_appended_records_total{job="gatewatch", topic="access.decisions.v1.dead-letter"}',
        '0x40 5x40',
      ],
    ],
    labels: { topic: 'access.decisions.v1.dead-letter', part: 'log' },
    summary: '5 records went to access.decisions.v1.dead-letter.',
  },
  GatewatchHandlerFails: {
    series: [['gatewatch_log_handler_failures_total{job="gatewatch", group="storage"}', '0+1x80']],
    labels: { group: 'storage', part: 'log' },
    summary: 'Batches of storage fail and are tried again.',
  },
  GatewatchConsumerRestarts: {
    series: [
      [
        'gatewatch_log_consumer_restarts_total{job="gatewatch", group="scoring", cause="stalled"}',
        '0x40 3x40',
      ],
    ],
    labels: { group: 'scoring', cause: 'stalled', part: 'log' },
    summary: 'A reader of scoring stood still 3 times in half an hour (stalled).',
  },
  GatewatchStateRefused: {
    series: [
      [
        'gatewatch_scoring_partitions{job="gatewatch", stage="subject", state="refused", instance="a"}',
        '1x80',
      ],
      [
        'gatewatch_scoring_partitions{job="gatewatch", stage="subject", state="refused", instance="b"}',
        '1x80',
      ],
    ],
    labels: { stage: 'subject', part: 'risk' },
    summary: '2 partitions of subject are not scored: their state can not be read.',
  },
  GatewatchListOld: {
    series: [
      ['gatewatch_scoring_list_age_seconds{job="gatewatch", list="exits"}', '12000x80'],
      ['gatewatch_scoring_list_refresh_seconds{job="gatewatch", list="exits"}', '3600x80'],
    ],
    labels: { list: 'exits', part: 'scoring' },
    summary: 'The list exits of known-bad sources was last current 3h 20m 0s ago.',
  },
  GatewatchRuleBroken: {
    series: [['gatewatch_scoring_rule_problems{job="gatewatch", kind="rule"}', '2x80']],
    labels: { kind: 'rule', part: 'scoring' },
    summary: '2 mistakes in the rules (rule).',
  },
  GatewatchRuleHeldBack: {
    series: [['gatewatch_scoring_rule_findings_held_total{job="gatewatch", rule="exports"}', '0x40 3x40']],
    labels: { rule: 'exports', part: 'scoring' },
    summary: 'The rule exports speaks too often: findings of it are held back until the end of the day.',
  },
  GatewatchCanaryLate: {
    series: [['gatewatch_canary_age_seconds{job="gatewatch", stage="store"}', '90x80']],
    labels: { stage: 'store', part: 'log' },
    summary: 'The newest canary that got as far as store is 1m 30s old.',
  },
  GatewatchSourceSilent: {
    series: [['gatewatch_collector_silent{job="gatewatch", source="hosts"}', '0x60 1x20']],
    labels: { job: 'gatewatch', source: 'hosts', part: 'collector' },
    summary: 'The live source hosts has fallen silent.',
  },
  GatewatchSourceLate: {
    series: [['gatewatch_collector_lag_seconds{job="gatewatch", source="hosts"}', '400x80']],
    labels: { job: 'gatewatch', source: 'hosts', part: 'collector' },
    summary: 'The live source hosts is 6m 40s behind.',
  },
  GatewatchSourceLost: {
    series: [
      ['gatewatch_collector_losses_total{job="gatewatch", source="hosts", cause="truncated"}', '0x70 1x10'],
    ],
    labels: { job: 'gatewatch', source: 'hosts', cause: 'truncated', part: 'collector' },
    summary: 'A part of the live source hosts is lost (truncated).',
  },
  GatewatchChainRefuted: {
    series: [['gatewatch_verify_problems{job="gatewatch", kind="altered"}', '0x70 1x10']],
    labels: { kind: 'altered', part: 'integrity' },
    summary: '1 findings that stored decisions are not as they were made (altered).',
  },
  // Series begin at second 0 of time itself, so an hour has to pass first.
  GatewatchScoresOutOfCalibration: {
    series: [['gatewatch_calibration_uniformity_p{job="gatewatch", detector="volume"}', '0x1600']],
    labels: { detector: 'volume', part: 'scoring' },
    summary: 'The scores of volume no longer come as they came.',
    after: '390m',
  },
  GatewatchVerifyLate: {
    series: [['gatewatch_verify_verified_timestamp_seconds{job="gatewatch"}', '1x400']],
    labels: { job: 'gatewatch', part: 'integrity' },
    summary: 'Decisions of the last 1h 29m 59s have not been verified.',
    after: '90m',
  },
  GatewatchStoreAway: {
    series: [['gatewatch_storage_retries_total{job="gatewatch", cause="store"}', '0+1x80']],
    labels: { part: 'store' },
    summary: 'ClickHouse does not take rows.',
  },
  GatewatchStoreDiskFull: {
    series: [['gatewatch_storage_retries_total{job="gatewatch", cause="disk"}', '0+1x80']],
    labels: { part: 'store' },
    summary: 'The disk of ClickHouse is full.',
  },
  GatewatchEngineRestarts: {
    series: [['gatewatch_clickhouse_engine_restarts_total{job="gatewatch", instance="t:9090"}', '0x40 3x40']],
    labels: { job: 'gatewatch', instance: 't:9090', part: 'store' },
    summary: 'The embedded ClickHouse of t:9090 was restarted 3 times.',
  },
  GatewatchStorageDeadLetters: {
    series: [['gatewatch_storage_dead_letters_total{job="gatewatch", reason="unstorable"}', '0x40 2x40']],
    labels: { reason: 'unstorable', part: 'store' },
    summary: '2 records can not be stored (unstorable).',
  },
  GatewatchAlertsNotDelivered: {
    series: [
      [
        'gatewatch_feedback_alert_deliveries_total{job="gatewatch", receiver="pager", outcome="retry"}',
        '0+1x80',
      ],
      [
        'gatewatch_feedback_alert_deliveries_total{job="gatewatch", receiver="pager", outcome="delivered"}',
        '4x80',
      ],
    ],
    labels: { receiver: 'pager', part: 'feedback' },
    summary: 'Alerts do not reach pager.',
  },
  GatewatchForgets: {
    series: [['gatewatch_feedback_evicted_total{job="gatewatch", what="entity"}', '0x40 7x40']],
    labels: { what: 'entity', part: 'feedback' },
    summary: '7 entity were given up because there were too many.',
  },
}

const NO_CASE: Case = { series: [], labels: {}, summary: 'no case for this alert' }
const inputs = (series: readonly Series[]) => series.map(([name, values]) => ({ series: name, values }))

/**
 * Files for `promtool test rules`, by their names: none fires while everything is
 * well, and every alert fires in its case. promtool evaluates at every step each
 * rule that it is given, so a case is given the rule that it is about.
 */
export function alertCases(rules: readonly Rule[], rulesFile: string): ReadonlyMap<string, string> {
  // In the middle of the peaks, after them, and at the end.
  const quiet = rules.flatMap(({ alert }) =>
    ['10m30s', '13m', '20m'].map((eval_time) => ({ eval_time, alertname: alert })),
  )
  const well = {
    name: 'everything is well',
    interval: '15s',
    input_series: inputs(QUIET),
    alert_rule_test: quiet,
  }
  return new Map([
    ['well.test.yaml', testFile(rulesFile, well)],
    ...rules.flatMap((rule): [string, string][] => [
      [`${rule.alert}.yaml`, stringify({ groups: [{ name: rule.alert, rules: [rule] }] })],
      [`${rule.alert}.test.yaml`, testFile(`${rule.alert}.yaml`, firing(rule))],
    ]),
  ])
}

function firing({ alert, labels, annotations }: Rule): object {
  const { series, labels: expected, summary, after = '20m' } = FIRING[alert] ?? NO_CASE
  const told = {
    exp_labels: { severity: labels.severity, ...expected },
    exp_annotations: { ...annotations, summary },
  }
  return {
    name: alert,
    interval: '15s',
    input_series: inputs(series),
    alert_rule_test: [{ eval_time: after, alertname: alert, exp_alerts: [told] }],
  }
}

function testFile(rulesFile: string, test: object): string {
  return stringify({ rule_files: [rulesFile], evaluation_interval: '15s', tests: [test] })
}

/** Cases for alerts that are no more. */
export function leftOverCases(rules: readonly Rule[]): string[] {
  return Object.keys(FIRING).filter((name) => !rules.some(({ alert }) => alert === name))
}

import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { alarming } from './frame.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { gatewayBoots } from './gaps.ts'
import { metric } from './metrics.ts'
import { linked, toSubject } from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { ESTIMATED, fromSpeeds } from './rolled-figures.ts'
import { REFUSED, SUBJECT } from './terms.ts'
import { undecided } from './shared-panels.ts'

const live = `${fromRolled('gateways_by_hour')} WHERE origin = 'live'`
const overTime = `${fromRolled('gateways_by_hour', { overTime: true })} WHERE origin = 'live'`
const used = `${fromRolled('devices_by_day')} WHERE origin = 'live'`

const gatewaysSeen = () =>
  stat('Gateways', 'How many enforcement points sent decisions?').withTarget(
    table(`SELECT uniq(pep_id) AS gateways ${live}`),
  )

const versions = () =>
  stat('Versions', 'How many versions are at work? More than one is an upgrade under way.').withTarget(
    table(`SELECT uniqIf(pep_version, pep_version != '') AS versions ${live}`),
  )

const devices = () =>
  stat('Devices', 'How many devices were used?').withTarget(
    table(`SELECT uniq(device_id) AS devices ${used}`),
  )

const unmanagedShare = () =>
  stat('Without a managed device', 'Which share of what was let in came from no managed device?')
    .unit('percentunit')
    .decimals(1)
    .withTarget(
      table(
        `SELECT sumIf(n, outcome = 'permit' AND managed != 1) / greatest(sumIf(n, outcome = 'permit'), 1) AS share ${live}`,
      ),
    )

const stale = () =>
  alarming(stat('Decided on stale risk', 'How many decisions were made while the risk feed was stale?'), {
    orange: 1,
  }).withTarget(table(`SELECT sum(stale) AS decisions ${live}`))

const rates = () =>
  lines('Decisions a second by gateway', 'Does every gateway still send, and as much as usual?')
    .unit('reqps')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(at) AS time, toString(pep_id) AS gateway, sum(n) / $__interval_s AS decisions
         ${overTime} GROUP BY time, gateway ORDER BY time LIMIT 10000`,
      ),
    )

const riskAge = () =>
  lines(
    'Age of risk at the decision',
    `How fresh is what each gateway knows about risk when it decides? ${ESTIMATED}`,
  )
    .unit('ms')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(at) AS time, toString(pep_id) AS gateway, quantilesTDigestMerge(0.5, 0.99)(risk_age_set)[2] AS p99
         ${fromSpeeds({ overTime: true })} GROUP BY time, gateway HAVING isFinite(p99) ORDER BY time LIMIT 10000`,
      ),
    )

const heartbeats = () =>
  metric(
    'Last heard of',
    'How long ago did each gateway tell that it is alive?',
    'max by (pep_id) (gatewatch_feedback_gateway_heartbeat_age_seconds)',
    '{{pep_id}}',
  ).unit('s')

const feedAge = () =>
  metric(
    'Age of the risk feed',
    'Which gateway hears nothing new of risk, and falls back to its base policy?',
    'max by (instance) (gatewatch_gateway_risk_age_seconds)',
    '{{instance}}',
  ).unit('s')

const lostDecisions = () =>
  metric(
    'Decisions lost at a restart',
    'Which gateway has numbered decisions that never reached the log? Anything above zero wants a person.',
    'max by (instance) (gatewatch_gateway_lost_decisions)',
    '{{instance}}',
  )

const tiers = () =>
  bars('Decisions by device tier', 'Which tiers of trust do people come with, and does one grow?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(at) AS time, if(device_tier = '', 'none', toString(device_tier)) AS tier, sum(n) AS decisions
       ${overTime} GROUP BY time, tier ORDER BY time LIMIT 10000`,
    ),
  )

const eachGateway = () =>
  rows(
    'Gateway by gateway',
    `Which versions and policies are at work, when was each last heard of, and how quick is it? ${ESTIMATED}`,
  ).withTarget(
    table(
      `SELECT gateway, kind, version, boots, revision AS policy_revision, decisions, refused, p99_ms, last_decision FROM (
         SELECT toString(pep_id) AS gateway, toString(any(pep_kind)) AS kind, argMax(toString(pep_version), last_at) AS version, uniq(pep_boot_id) AS boots,
           argMax(substring(policy_revision, 1, 12), last_at) AS revision, sum(n) AS decisions, sumIf(n, ${REFUSED}) AS refused, max(last_at) AS last_decision
         ${live} GROUP BY gateway
       ) AS gateways LEFT JOIN (
         SELECT toString(pep_id) AS gateway, round(quantilesTDigestMerge(0.5, 0.99)(latency_set)[2] / 1000, 2) AS p99_ms ${fromSpeeds()} GROUP BY gateway
       ) AS speeds ON speeds.gateway = gateways.gateway ORDER BY last_decision LIMIT 200`,
    ),
  )

const POSTURE = `if(device_posture = '', 'unknown', toString(device_posture)) AS posture, if(device_tier = '', 'none', toString(device_tier)) AS tier`

const posture = () =>
  rows('Posture', 'How well are devices kept, and are badly kept ones let in?')
    .span(12)
    .withTarget(
      table(
        `SELECT posture, tier, sum(devices) AS devices_used, sum(decisions) AS decided, sum(permitted) AS let_in FROM (
           SELECT ${POSTURE}, 0 AS devices, sum(n) AS decisions, sumIf(n, outcome = 'permit') AS permitted ${live} GROUP BY posture, tier
           UNION ALL
           SELECT ${POSTURE}, uniq(device_id) AS devices, 0 AS decisions, 0 AS permitted ${used} GROUP BY posture, tier
         ) GROUP BY posture, tier ORDER BY decided DESC LIMIT 100`,
      ),
    )

const fallen = () =>
  linked(
    rows(
      'Devices whose posture changed',
      'Which devices became worse or better kept in this time, and who uses them?',
    ).span(12),
    'subject',
    toSubject,
  )
    .noValue('No device changed in this time range')
    .withTarget(
      table(
        `SELECT device_id AS device, argMax(${SUBJECT}, last_at) AS subject, argMin(toString(device_posture), first_at) AS before,
         argMax(toString(device_posture), last_at) AS now, argMax(toString(device_tier), last_at) AS tier, max(last_at) AS last_seen
       ${used} AND device_posture != '' GROUP BY device HAVING uniq(device_posture) > 1 ORDER BY last_seen DESC LIMIT 100`,
      ),
    )

const many = () =>
  linked(
    rows('Devices of several people', 'Which devices do several accounts share, and who are the first ten?'),
    'subject',
    toSubject,
  )
    .noValue('No device is shared in this time range')
    .withTarget(
      table(
        `SELECT device, system, subjects, arrayJoin(some_of_them) AS subject, decisions, last_seen FROM (
         SELECT device_id AS device, argMax(toString(device_os), (last_at, toString(device_os))) AS system, uniq(subject_type, subject_id) AS subjects,
           arraySort(groupUniqArray(10)(${SUBJECT})) AS some_of_them, sum(n) AS decisions, max(last_at) AS last_seen
         ${used} AND subject_type != 'anonymous' GROUP BY device HAVING subjects > 1 ORDER BY subjects DESC, last_seen DESC LIMIT 50
       ) ORDER BY subjects DESC, last_seen DESC, device, subject LIMIT 500`,
      ),
    )

/** Enforcement points and the devices that come to them. */
export function gateways(): DashboardBuilder {
  return board({
    name: 'gateways',
    title: 'gateways and devices',
    description:
      'Whether every gateway decides, on fresh risk and one policy; and how well devices are kept.',
    from: 'now-6h',
    refresh: '1m',
  })
    .withPanel(gatewaysSeen())
    .withPanel(versions())
    .withPanel(devices())
    .withPanel(unmanagedShare())
    .withPanel(stale())
    .withPanel(undecided())
    .withRow(new RowBuilder('Gateways'))
    .withPanel(rates())
    .withPanel(riskAge())
    .withPanel(heartbeats())
    .withPanel(tiers())
    .withPanel(feedAge())
    .withPanel(lostDecisions())
    .withPanel(eachGateway())
    .withPanel(gatewayBoots())
    .withRow(new RowBuilder('Devices'))
    .withPanel(posture())
    .withPanel(fallen())
    .withPanel(many())
}

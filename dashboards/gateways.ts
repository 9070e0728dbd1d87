import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { metric } from './metrics.ts'
import { linked, toSubject } from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { REFUSED, SUBJECT } from './terms.ts'
import { undecided } from './shared-panels.ts'
import { ofTenant } from './variables.ts'

const live = `FROM decisions WHERE ${ofTenant} AND $__timeFilter_ms(decided_at) AND origin = 'live'`

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
    table(`SELECT uniqIf(device_id, device_id != '') AS devices ${live}`),
  )

const unmanagedShare = () =>
  stat('Without a managed device', 'Which share of what was let in came from no managed device?')
    .unit('percentunit')
    .decimals(1)
    .withTarget(
      table(
        `SELECT uniqIf(id, outcome = 'permit' AND ifNull(device_managed, false) = false) / greatest(uniqIf(id, outcome = 'permit'), 1) AS share ${live}`,
      ),
    )

const stale = () =>
  stat('Decided on stale risk', 'How many decisions were made while the risk feed was stale?').withTarget(
    table(
      `SELECT uniqIf(id, has(reasons, 'risk_stale') OR risk_at_decision_age_ms > 60000) AS decisions ${live}`,
    ),
  )

const rates = () =>
  lines('Decisions a second by gateway', 'Does every gateway still send, and as much as usual?')
    .unit('reqps')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, toString(pep_id) AS gateway, uniq(id) / $__interval_s AS decisions
         ${live} GROUP BY time, gateway ORDER BY time LIMIT 10000`,
      ),
    )

const riskAge = () =>
  lines('Age of risk at the decision', 'How fresh is what each gateway knows about risk when it decides?')
    .unit('ms')
    .withTarget(
      timeSeries(
        `SELECT $__timeInterval(decided_at) AS time, toString(pep_id) AS gateway, quantile(0.99)(risk_at_decision_age_ms) AS p99
         ${live} AND risk_at_decision_age_ms IS NOT NULL GROUP BY time, gateway ORDER BY time LIMIT 10000`,
      ),
    )

const heartbeats = () =>
  metric(
    'Last heard of',
    'How long ago did each gateway tell that it is alive?',
    'max by (pep_id) (gatewatch_feedback_gateway_heartbeat_age_seconds)',
    '{{pep_id}}',
  ).unit('s')

const tiers = () =>
  bars('Decisions by device tier', 'Which tiers of trust do people come with, and does one grow?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(decided_at) AS time, if(device_tier = '', 'none', toString(device_tier)) AS tier, uniq(id) AS decisions
       ${live} GROUP BY time, tier ORDER BY time LIMIT 10000`,
    ),
  )

const eachGateway = () =>
  rows(
    'Gateway by gateway',
    'Which versions and policies are at work, when was each last heard of, and how quick is it?',
  ).withTarget(
    table(
      `SELECT toString(pep_id) AS gateway, toString(any(pep_kind)) AS kind, argMax(toString(pep_version), decided_at) AS version, uniq(pep_boot_id) AS boots,
         argMax(substring(policy_revision, 1, 12), decided_at) AS policy_revision, uniq(id) AS decisions, uniqIf(id, ${REFUSED}) AS refused,
         round(quantile(0.99)(latency_us) / 1000, 2) AS p99_ms, max(decided_at) AS last_decision
       ${live} GROUP BY gateway ORDER BY last_decision LIMIT 200`,
    ),
  )

const posture = () =>
  rows('Posture', 'How well are devices kept, and are badly kept ones let in?')
    .span(12)
    .withTarget(
      table(
        `SELECT if(device_posture = '', 'unknown', toString(device_posture)) AS posture, if(device_tier = '', 'none', toString(device_tier)) AS tier,
           uniqIf(device_id, device_id != '') AS devices, uniq(id) AS decisions, uniqIf(id, outcome = 'permit') AS permitted
         ${live} GROUP BY posture, tier ORDER BY decisions DESC LIMIT 100`,
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
  ).withTarget(
    table(
      `SELECT device_id AS device, argMax(${SUBJECT}, decided_at) AS subject, argMin(toString(device_posture), decided_at) AS before,
         argMax(toString(device_posture), decided_at) AS now, argMax(toString(device_tier), decided_at) AS tier, max(decided_at) AS last_seen
       ${live} AND device_id != '' AND device_posture != '' GROUP BY device HAVING uniq(device_posture) > 1 ORDER BY last_seen DESC LIMIT 100`,
    ),
  )

const many = () =>
  rows('Devices of several people', 'Which devices do several accounts share?').withTarget(
    table(
      `SELECT device_id AS device, toString(any(device_os)) AS system, uniq(subject_type, subject_id) AS subjects,
         arrayStringConcat(arraySort(groupUniqArray(10)(${SUBJECT})), ', ') AS some_of_them, uniq(id) AS decisions, max(decided_at) AS last_seen
       ${live} AND device_id != '' GROUP BY device HAVING subjects > 1 ORDER BY subjects DESC, last_seen DESC LIMIT 100`,
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
    .withPanel(eachGateway())
    .withRow(new RowBuilder('Devices'))
    .withPanel(posture())
    .withPanel(fallen())
    .withPanel(many())
}

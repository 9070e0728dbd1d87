import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { table } from './clickhouse-query.ts'
import { linked, toResource, toSubject } from './links.ts'
import { rows } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { SUBJECT } from './terms.ts'
import { among } from './variables.ts'

const NINETY_DAYS = `$__toTime - INTERVAL 90 DAY`

/** People who may come and do not: what they no longer need can be taken back. */
export function accessNotUsed(): TableBuilder {
  const panel = rows(
    'Access that is not used',
    'Who was let in within 90 days before the end of this range, and in this range not once? Of people who were never there, only who grants access knows.',
  )
  return linked(linked(panel, 'subject', toSubject), 'application', toResource)
    .noValue('All access of the time before is used in this time range')
    .withTarget(
      table(
        `SELECT ${SUBJECT} AS subject, toString(resource_app) AS application, sum(n) AS permitted, max(last_at) AS last_seen, date_diff('day', last_seen, $__toTime) AS days_ago
       ${fromRolled('subjects_by_day', { since: NINETY_DAYS })} WHERE outcome = 'permit' AND ${among('resource_app', 'app')}
       GROUP BY subject, application HAVING last_seen < $__fromTime_ms ORDER BY last_seen, subject, application LIMIT 200`,
      ),
    )
}

/** Rules that decided once and decide nothing any more. */
export function rulesNotUsed(): TableBuilder {
  return rows(
    'Rules that match nobody any more',
    'Which rules decided within 90 days before the end of this range, and in this range nothing? A rule that never matched is not here: `gatewatch policy usage` holds the policy itself against the store.',
  )
    .noValue('Every rule of the time before matches in this time range')
    .withTarget(
      table(
        `SELECT toString(policy_rule_id) AS rule, toString(policy_route_id) AS route, sum(n) AS decided, max(last_at) AS last_matched, date_diff('day', last_matched, $__toTime) AS days_ago
       ${fromRolled('decisions_by_hour', { since: NINETY_DAYS })} WHERE policy_rule_id != '' AND ${among('resource_app', 'app')}
       GROUP BY rule, route HAVING last_matched < $__fromTime_ms ORDER BY last_matched, rule, route LIMIT 200`,
      ),
    )
}

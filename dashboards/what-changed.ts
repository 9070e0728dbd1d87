import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { table } from './clickhouse-query.ts'
import { rows } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { REFUSED } from './terms.ts'
import { among } from './variables.ts'

/** As long a range as the one that is looked at, before it. */
const BEFORE = `$__fromTime - toIntervalSecond($__toTime - $__fromTime)`
const within = 'at >= $__fromTime'

/** Decisions of both ranges by what `value` says of them. */
const counted = (what: string, value: string, condition: string) =>
  `SELECT '${what}' AS what, toString(${value}) AS value, sumIf(n, ${within}) AS in_range, sumIf(n, NOT ${within}) AS before
   ${fromRolled('decisions_by_hour', { since: BEFORE })} WHERE ${among('resource_app', 'app')} AND ${condition} GROUP BY value`

/** This range against the one before it: what is more, what is less, what is new and what is gone. */
export function whatChanged(): TableBuilder {
  return rows(
    'What changed',
    'Against as long a time before this range: which application is used or refuses more or less, which outcome and which rule? Without a share, it was not there before.',
  )
    .overrideByName('change_share', [{ id: 'unit', value: 'percentunit' }])
    .withTarget(
      table(
        `SELECT what, value, in_range, before, toInt64(in_range) - toInt64(before) AS change, if(before = 0, NULL, change / before) AS change_share FROM (
         ${counted('application', 'resource_app', 'true')} UNION ALL ${counted('refused by application', 'resource_app', REFUSED)} UNION ALL ${counted('outcome', 'outcome', 'true')} UNION ALL ${counted('refused by rule', `if(policy_rule_id = '', 'no rule', policy_rule_id)`, REFUSED)}
       ) WHERE change != 0 ORDER BY abs(change) DESC, what, value LIMIT 50`,
      ),
    )
}

import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { table } from './clickhouse-query.ts'
import { linked, toResource } from './links.ts'
import { rows } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { REFUSED } from './terms.ts'
import { among } from './variables.ts'

/** As long a range as the one that is looked at, before it. */
const BEFORE = `$__fromTime - toIntervalSecond($__toTime - $__fromTime)`
/** By the last decision of a row: where the range begins, no row stands for decisions on both sides. */
const within = 'last_at >= $__fromTime_ms'

/** What is held against before: each decision counts for all that it is. */
const FACTS = `arrayConcat([('application', toString(resource_app)), ('outcome', toString(outcome))],
     if(${REFUSED}, [('refused by application', toString(resource_app)), ('refused by rule', if(policy_rule_id = '', 'no rule', toString(policy_rule_id)))], []))`

/** This range against the one before it: what is more, what is less, what is new and what is gone. */
export function whatChanged(): TableBuilder {
  const panel = rows(
    'What changed',
    'Against as long a time before this range: which application is used or refuses more or less, which outcome and which rule? Without a share, it was not there before.',
  )
  return linked(panel, 'application', toResource)
    .overrideByName('change_share', [{ id: 'unit', value: 'percentunit' }])
    .withTarget(
      table(
        `SELECT fact.1 AS what, if(endsWith(what, 'application'), fact.2, '') AS application, if(endsWith(what, 'application'), '', fact.2) AS other,
           sumIf(n, ${within}) AS in_range, sumIf(n, NOT ${within}) AS before, toInt64(in_range) - toInt64(before) AS change, if(before = 0, NULL, change / before) AS change_share
         FROM (
           SELECT arrayJoin(${FACTS}) AS fact, n, last_at ${fromRolled('decisions_by_hour', { since: BEFORE, cutAt: '$__fromTime' })} WHERE ${among('resource_app', 'app')}
         ) GROUP BY fact HAVING change != 0 ORDER BY abs(change) DESC, what, fact.2 LIMIT 50`,
      ),
    )
}

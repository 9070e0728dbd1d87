import { CANARY_TENANT } from '../../schemas/canary.ts'
import { REFUSED } from '../terms.ts'
import type { StoreAlert } from './alert-rule.ts'

const someone = `tenant != '${CANARY_TENANT}'`
const DAY_S = 86_400
/** The hour up to so many days before now: three hours are read of two weeks. */
const hourBefore = (days: number) =>
  `decided_at > $__toTime - INTERVAL ${days * 24 + 1} HOUR AND decided_at <= $__toTime - INTERVAL ${days * 24} HOUR`

/** Nobody acts in an office at night: an hour is silent only if the same hour of the last two weeks was not. */
export const tenantSilent: StoreAlert = {
  name: 'tenant-silent',
  title: 'GatewatchTenantSilent',
  severity: 'warning',
  part: 'gateway',
  sql: `SELECT toString(tenant) AS tenant,
      toFloat64(uniqIf(minute, days_ago = 7) >= 10 AND uniqIf(minute, days_ago = 14) >= 10 AND countIf(days_ago = 0) = 0) AS value
    FROM (
      SELECT tenant, toStartOfMinute(decided_at) AS minute, intDiv(date_diff('second', decided_at, $__toTime), ${DAY_S}) AS days_ago FROM decisions
      WHERE $__timeFilter_ms(decided_at) AND origin = 'live' AND ${someone} AND (${[0, 7, 14].map(hourBefore).join(' OR ')})
    ) GROUP BY tenant ORDER BY value DESC LIMIT 200`,
  range_s: { from: 15 * DAY_S, to: 0 },
  fires: { above: 0 },
  for_min: 10,
  no_data: 'OK',
  error: 'Error',
  state_because:
    'No row means that no tenant had decisions in two weeks, so none has fallen silent; a failing query says nothing of tenants.',
  summary: 'Nothing has been decided for {{ $labels.tenant }} in an hour that was busy in both weeks before.',
  description:
    'Its applications are down, it is a holiday, or its traffic goes past the gateways, where nobody checks it. Look at the gateways first, then ask whether the applications are reached in another way.',
  runbook: 'a-tenant-is-silent',
  panel: { board: 'overview', title: 'Decisions by outcome' },
}

/** Compared with all of the day before, which bears the same people: no baseline to keep, and none to poison. */
export const refusals: StoreAlert = {
  name: 'refusals',
  title: 'GatewatchManyRefused',
  severity: 'critical',
  part: 'policy',
  sql: `SELECT toString(tenant) AS tenant, toFloat64(if(lately >= 20 AND lately * 2 > before, lately, 0)) AS value FROM (
      SELECT tenant, uniqIf(subject_id, decided_at >= $__toTime - INTERVAL 15 MINUTE) AS lately,
        uniqIf(subject_id, decided_at < $__toTime - INTERVAL 15 MINUTE) AS before
      FROM decisions WHERE $__timeFilter_ms(decided_at) AND origin = 'live' AND ${someone} AND ${REFUSED} GROUP BY tenant
    ) ORDER BY value DESC LIMIT 200`,
  range_s: { from: DAY_S, to: 0 },
  fires: { above: 0 },
  for_min: 0,
  no_data: 'OK',
  error: 'Error',
  state_because:
    'No row means that nobody was refused in a day, which is well; a failing query is no reason to roll a policy back.',
  summary:
    '{{ $value | printf "%.0f" }} people of {{ $labels.tenant }} were refused in a quarter of an hour.',
  description:
    'That is more than half of all who were refused in the day before. A policy that was just activated refuses people who work, an identity provider or a posture feed fails, or somebody tries many accounts. The policy dashboard shows by which rule and revision.',
  runbook: 'many-are-refused',
  panel: { board: 'policy', title: 'Newly blocked people' },
}

export const letThrough: StoreAlert = {
  name: 'let-through',
  title: 'GatewatchLetThroughBlindly',
  severity: 'critical',
  part: 'gateway',
  sql: `SELECT toString(tenant) AS tenant, toString(pep_id) AS gateway, toFloat64(uniq(id)) AS value
    FROM decisions WHERE $__timeFilter_ms(decided_at) AND outcome = 'error_open'
    GROUP BY tenant, gateway ORDER BY value DESC LIMIT 200`,
  range_s: { from: 900, to: 0 },
  fires: { above: 0 },
  for_min: 0,
  no_data: 'OK',
  error: 'Error',
  state_because: 'Rows are what went wrong, so none is well; a failing query let nobody through.',
  summary:
    '{{ $labels.gateway }} let {{ $value | printf "%.0f" }} requests of {{ $labels.tenant }} through that it could not judge.',
  description:
    'The configuration says to serve these when a decision fails. Each is recorded with its reason; nobody checked it. Look at the reasons on the pipeline dashboard, and at what they did under these ids.',
  runbook: 'requests-go-through-unjudged',
  panel: { board: 'pipeline', title: 'Requests that could not be judged' },
}

/** Twice the default of `scoring.findings_per_day`; who changes that one, changes this one. */
export const FINDINGS_A_DAY = 40

export const overBudget: StoreAlert = {
  name: 'over-budget',
  title: 'GatewatchFindingsOverBudget',
  severity: 'warning',
  part: 'detection',
  sql: `SELECT toString(tenant) AS tenant, toFloat64(uniq(id)) AS value
    FROM findings WHERE $__timeFilter_ms(first_observed_at) AND origin = 'live'
    GROUP BY tenant ORDER BY value DESC LIMIT 200`,
  range_s: { from: DAY_S, to: 0 },
  fires: { above: FINDINGS_A_DAY },
  for_min: 0,
  no_data: 'OK',
  error: 'Error',
  state_because: 'No row means no finding, which is within every budget; a failing query found nothing.',
  summary: '{{ $value | printf "%.0f" }} findings for {{ $labels.tenant }} in a day.',
  description:
    'More than twice what scoring.findings_per_day allows by default. Calibration follows within days, so this is a change of the whole company (a new application, a moved office), an attack on many, or a detector that is wrong. People stop reading what comes too often.',
  runbook: 'findings-over-budget',
  panel: { board: 'detectors', title: 'Findings a day' },
}

export const storyWaits: StoreAlert = {
  name: 'story-waits',
  title: 'GatewatchStoryWaits',
  severity: 'warning',
  part: 'detection',
  sql: `SELECT toString(tenant) AS tenant, toFloat64(max(date_diff('second', opened, $__toTime))) / 3600 AS value FROM (
      SELECT tenant, argMax(state, revision) AS newest_state, argMax(risk_level, revision) AS level,
        argMax(origin, revision) AS newest_origin, min(opened_at) AS opened
      FROM stories WHERE $__timeFilter_ms(observed_at) GROUP BY tenant, id
    ) WHERE newest_state = 'open' AND level = 'HIGH' AND newest_origin = 'live'
    GROUP BY tenant ORDER BY value DESC LIMIT 200`,
  range_s: { from: 30 * DAY_S, to: 0 },
  fires: { above: 24 },
  for_min: 0,
  no_data: 'OK',
  error: 'Error',
  state_because:
    'No row means that no grave story is open, which is well; a failing query makes nobody wait.',
  summary: 'A grave story of {{ $labels.tenant }} has waited for {{ $value | printf "%.0f" }} hours.',
  description:
    'Its people stay restricted until somebody gives a verdict, and where they were compromised the attacker has had that time. The console lists open stories, gravest first.',
  runbook: 'a-story-waits',
  panel: { board: 'detectors', title: 'Until a verdict' },
}

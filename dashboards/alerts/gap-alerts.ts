import { CANARY_TENANT } from '../../schemas/canary.ts'
import { PINNED_EVERY } from '../../schemas/clickhouse/stored-chain.ts'
import type { StoreAlert } from './alert-rule.ts'

/** What arrives late is no gap: a gateway's spool drains within minutes once the log is back. */
const SETTLED = { from: 3 * 3600, to: 600 }
const numbered = `FROM decisions WHERE $__timeFilter_ms(decided_at) AND pep_seq IS NOT NULL`

/**
 * Canaries are decisions of nobody that every gateway makes every few seconds,
 * so their absence says the same by night as by day.
 */
export const nothingArrives: StoreAlert = {
  name: 'nothing-arrives',
  title: 'GatewatchNothingArrives',
  severity: 'critical',
  part: 'store',
  sql: `SELECT toFloat64(count()) AS value FROM decisions WHERE tenant = '${CANARY_TENANT}' AND $__timeFilter_ms(decided_at)`,
  range_s: { from: 600, to: 0 },
  fires: { below: 1 },
  for_min: 2,
  no_data: 'Alerting',
  error: 'Alerting',
  state_because:
    'The query gives one row from whatever table, so no row is a fault; and a store that does not answer is what this rule is for.',
  summary: 'No canary of the last ten minutes is in the store, or the store does not answer.',
  description:
    'Every gateway makes a decision about nobody every few seconds, which goes the whole way. If none is there, no real decision is either: dashboards show the past, and the store may be away. Enforcement does not notice. Where gateways make no canaries (imports only), pause this rule.',
  runbook: 'the-store-is-away',
  panel: { board: 'pipeline', title: 'Newest decision' },
}

/** A gateway numbers what it decides, canaries too, whoever the tenant: so a gap is counted over all of them. */
export const gap: StoreAlert = {
  name: 'gap',
  title: 'GatewatchGapInStore',
  severity: 'critical',
  part: 'integrity',
  sql: `SELECT toString(pep_id) AS gateway, toFloat64(sum(lacks)) AS value FROM (
      SELECT pep_id, toInt64(max(pep_seq)) - toInt64(min(pep_seq)) + 1 - toInt64(uniqExact(pep_seq)) AS lacks
      ${numbered} GROUP BY pep_id, pep_boot_id
    ) GROUP BY gateway ORDER BY value DESC LIMIT 200`,
  range_s: SETTLED,
  fires: { above: 0 },
  for_min: 15,
  no_data: 'OK',
  error: 'Error',
  state_because:
    'No row means that no gateway decided anything in three hours, which GatewatchNothingArrives tells; a failing query is no gap.',
  summary: '{{ $value | printf "%.0f" }} decisions of {{ $labels.gateway }} are not in the store.',
  description:
    'The gateway numbers its decisions, and these numbers are missing between others that are there, ten minutes after they were due. They are still on their way, were put aside as dead letters, or were removed. `gatewatch verify` over that time says which.',
  runbook: 'decisions-are-missing',
  panel: { board: 'completeness', title: 'Gateways and their boots' },
}

/** Ten times the distance at which a kept hash is due: chance has no part in it. */
const MANY = 10 * PINNED_EVERY

/** What verification has nothing to go by for: rows that bear no number, and boots of which no row keeps a hash. */
export const unvouched: StoreAlert = {
  name: 'unvouched',
  title: 'GatewatchDecisionsUnvouched',
  severity: 'critical',
  part: 'integrity',
  sql: `SELECT toString(pep_id) AS gateway, toFloat64(sum(bare)) AS value FROM (
      SELECT pep_id, countIf(pep_seq IS NULL) + if(countIf(chain_prev != '') = 0 AND countIf(pep_seq IS NOT NULL) >= ${MANY}, countIf(pep_seq IS NOT NULL), 0) AS bare
      FROM decisions WHERE $__timeFilter_ms(decided_at) AND origin = 'live' GROUP BY pep_id, pep_boot_id
    ) GROUP BY gateway ORDER BY value DESC LIMIT 200`,
  range_s: SETTLED,
  fires: { above: 0 },
  for_min: 5,
  no_data: 'OK',
  error: 'Error',
  state_because:
    'No row means that nothing was decided in three hours, which GatewatchNothingArrives tells; a failing query says nothing about chains.',
  summary:
    '{{ $value | printf "%.0f" }} live decisions of {{ $labels.gateway }} are in no chain that can be verified.',
  description:
    'They bear no number, or no row of their boot keeps a hash, so no checkpoint covers them and `gatewatch verify` can say nothing of them. Somebody writes rows past the gateways, or a gateway writes in another form. Find out who may insert into the store.',
  runbook: 'a-chain-is-refuted',
  panel: { board: 'completeness', title: 'With a kept hash' },
}

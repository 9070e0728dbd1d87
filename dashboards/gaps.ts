import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { table } from './clickhouse-query.ts'
import { rows } from './panels.ts'
import { fromRolled } from './rolled.ts'

/** Decisions that a gateway numbered, whoever the tenant, and its canaries: they are one sequence. */
export const numbered = `${fromRolled('gateways_by_hour', { everyTenant: true })} WHERE numbered > 0`
/** Between the first and the last number that is stored; what lies before and after, only checkpoints tell. */
export const MADE = `toInt64(max(last_seq)) - toInt64(min(first_seq)) + 1`
export const LACKS = `${MADE} - toInt64(sum(numbered))`

export function gatewayBoots(): TableBuilder {
  return rows(
    'Gateways and their boots',
    'Is the sequence of every gateway whole? What is missing here was lost, is a dead letter, or was removed. All tenants and canaries count; an account that may see one tenant alone misses the others.',
  ).withTarget(
    table(
      `SELECT toString(pep_id) AS gateway, toString(pep_boot_id) AS boot, toString(any(pep_version)) AS version, min(first_at) AS first, max(last_at) AS last,
         min(first_seq) AS from_number, max(last_seq) AS to_number, sum(numbered) AS stored, ${LACKS} AS missing
       ${numbered} GROUP BY gateway, boot ORDER BY missing DESC, last DESC LIMIT 100`,
    ),
  )
}

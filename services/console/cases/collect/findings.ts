import { z } from 'zod'
import type { Finding } from '../../../../schemas/finding.ts'
import { toFinding } from '../../store/findings.ts'
import type { Store } from '../../store/store.ts'
import type { CaseScope } from '../case-scope.ts'
import { statementOf } from '../statement.ts'
import { collected, type Collected } from './collected.ts'

const MOST_FINDINGS = 100

/** The findings of a case in their newest revisions, the oldest first; of too many, the newest are taken. */
export function collectFindings(store: Store, scope: CaseScope): Promise<Collected<Finding>> {
  const { tenant, from, to, finding_ids, accused } = scope
  if (finding_ids !== null) return findingsOf(store, tenant, finding_ids)
  return select(
    store,
    `observed_at >= fromUnixTimestamp64Milli({from:Int64}) AND first_observed_at < fromUnixTimestamp64Milli({to:Int64})
     AND ((entity_type, entity_id) IN (SELECT arrayJoin(arrayZip({types:Array(String)}, {ids:Array(String)})))
       OR hasAny(arrayZip(entities_type, entities_id), arrayZip({types:Array(String)}, {ids:Array(String)})))`,
    { tenant, from, to, types: accused.map(({ type }) => type), ids: accused.map(({ id }) => id) },
  )
}

/** Findings by their ids. */
export function findingsOf(
  store: Store,
  tenant: string,
  ids: readonly string[],
): Promise<Collected<Finding>> {
  return select(store, `id IN {ids:Array(String)}`, { tenant, ids })
}

async function select(
  store: Store,
  about: string,
  params: Readonly<Record<string, unknown>>,
): Promise<Collected<Finding>> {
  const query = `SELECT * FROM (
       SELECT * FROM findings WHERE tenant = {tenant:String} AND ${about} ORDER BY revision DESC LIMIT 1 BY id
     ) ORDER BY observed_at DESC, id`
  const rows = await store('the findings', `${query} LIMIT ${MOST_FINDINGS}`, params, toFinding)
  const [all] = await store(
    'the number of findings',
    `SELECT uniqExact(id) AS n FROM findings WHERE tenant = {tenant:String} AND ${about}`,
    params,
    (row) => z.object({ n: z.coerce.number() }).parse(row).n,
  )
  return collected(rows.reverse(), all ?? 0, () => statementOf(query, params))
}

import { z } from 'zod'
import { namesOf, type UsageRows } from '../../policy/usage.ts'
import type { CompiledPolicy } from '../../policy/compile.ts'
import type { Store } from '../store/store.ts'

/** People are counted by name, so that copies of a decision count once; of a rule only whether it matched matters. */
const WHOSE = `tenant = {tenant:String} AND origin = 'live' AND policy_route_id != ''`

const RULES = `
SELECT
    policy_rule_id AS rule_id,
    countIf(decided_at >= {since:DateTime64(3, 'UTC')}) AS decisions,
    uniqExactIf((subject_type, subject_id), decided_at >= {since:DateTime64(3, 'UTC')}) AS people,
    formatDateTime(max(decided_at), '%Y-%m-%d') AS last_at
FROM decisions
WHERE ${WHOSE} AND policy_rule_id != ''
GROUP BY rule_id
LIMIT 10000`

const ROUTES = `
SELECT route_id, kind, name,
    uniqExact(person) AS people,
    uniqExactIf(person, lately) AS people_lately
FROM
(
    SELECT
        policy_route_id AS route_id,
        (subject_type, subject_id) AS person,
        decided_at >= {since:DateTime64(3, 'UTC')} AS lately,
        arrayJoin(arrayConcat(
            [('all', '')],
            arrayMap(x -> ('group', x), arrayIntersect(subject_groups, {groups:Array(String)})),
            arrayMap(x -> ('role', x), arrayIntersect(subject_roles, {roles:Array(String)})))) AS what,
        what.1 AS kind,
        what.2 AS name
    FROM decisions
    WHERE ${WHOSE} AND outcome = 'permit' AND subject_type != 'anonymous'
)
GROUP BY route_id, kind, name
LIMIT 10000`

const NAMES = `
SELECT kind, name, uniqExact(person) AS people
FROM
(
    SELECT
        (subject_type, subject_id) AS person,
        arrayJoin(arrayConcat(
            arrayMap(x -> ('group', x), arrayIntersect(subject_groups, {groups:Array(String)})),
            arrayMap(x -> ('role', x), arrayIntersect(subject_roles, {roles:Array(String)})))) AS what,
        what.1 AS kind,
        what.2 AS name
    FROM decisions
    WHERE tenant = {tenant:String} AND origin = 'live' AND decided_at >= {since:DateTime64(3, 'UTC')}
        AND subject_type != 'anonymous'
)
GROUP BY kind, name
LIMIT 10000`

const KEPT = `SELECT formatDateTime(min(decided_at), '%Y-%m-%d') AS day, count() AS rows FROM decisions WHERE ${WHOSE}`

const Count = z.coerce.number()
const RuleRow = z.object({ rule_id: z.string(), decisions: Count, people: Count, last_at: z.string() })
const RouteRow = z.object({
  route_id: z.string(),
  kind: z.enum(['all', 'group', 'role']),
  name: z.string(),
  people: Count,
  people_lately: Count,
})
const NameRow = z.object({ kind: z.enum(['group', 'role']), name: z.string(), people: Count })
const KeptRow = z.object({ day: z.string(), rows: Count })

export interface ReadUsage {
  readonly rows: UsageRows
  /** The day of the oldest decision that is kept; null: none is. */
  readonly kept_since: string | null
}

/** Reads from the store, once for all policies of a tenant, how they were used; changes nothing. Throws `ERR_STORE_QUERY`. */
export async function readUsage(
  store: Store,
  policies: readonly CompiledPolicy[],
  { tenant, since }: { readonly tenant: string; readonly since: Date },
): Promise<ReadUsage> {
  const params = { tenant, since: sinceParam(since), ...namesOf(policies) }
  const what = 'the use of policies'
  const [kept] = await store(what, KEPT, params, (row) => KeptRow.parse(row))
  if (kept === undefined || kept.rows === 0)
    return { rows: { rules: [], routes: [], names: [] }, kept_since: null }
  return {
    rows: {
      rules: await store(what, RULES, params, (row) => RuleRow.parse(row)),
      routes: await store(what, ROUTES, params, (row) => RouteRow.parse(row)),
      names: await store(what, NAMES, params, (row) => NameRow.parse(row)),
    },
    kept_since: kept.day,
  }
}

/** An instant as a parameter of type DateTime64(3). */
export function sinceParam(since: Date): string {
  return since.toISOString().slice(0, 23).replace('T', ' ')
}

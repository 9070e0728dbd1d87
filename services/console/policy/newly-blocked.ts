import { z } from 'zod'
import { Outcome } from '../../../schemas/decision.ts'
import { REFUSALS_BY_POLICY } from '../../../schemas/reasons.ts'
import type { Store } from '../store/store.ts'
import { sinceParam } from './read-usage.ts'

/** So many days must somebody have been let in to be established, as the stage of policy intent has it. */
const LEAST_DAYS = 2
const MOST_PEOPLE = 200

const WHERE = `tenant = {tenant:String} AND origin = 'live' AND decided_at >= {since:DateTime64(3, 'UTC')}
        AND policy_route_id != '' AND subject_type != 'anonymous'`
const REFUSED = `policy_revision = {revision:String} AND outcome = 'deny' AND caused_by = ''
        AND reasons[1] IN {reasons:Array(String)}`

/**
 * The people first, then what became of them: whoever was refused is a small
 * part of all who came, and only their decisions are grouped.
 */
const BLOCKED = `
SELECT
    policy_route_id AS route_id, subject_type, subject_id,
    argMinIf(resource_app, decided_at, refused) AS app,
    minIf(decided_at, refused) AS refused_at,
    argMinIf(id, decided_at, refused) AS decision_id,
    argMinIf(reasons[1], decided_at, refused) AS reason,
    argMinIf(policy_shadow_outcome, decided_at, refused) AS old_outcome,
    uniqExactIf(toDate(decided_at), was_in) AS days_in,
    maxIf(decided_at, was_in) AS last_in_at,
    countIf(is_in) > 0 AND maxIf(decided_at, is_in) > maxIf(decided_at, refused) AS in_again
FROM
(
    SELECT policy_route_id, subject_type, subject_id, resource_app, decided_at, id, reasons, policy_shadow_outcome,
        ${REFUSED} AS refused,
        outcome = 'permit' AND policy_revision NOT IN ('', {revision:String}) AS was_in,
        outcome = 'permit' AND policy_revision = {revision:String} AS is_in
    FROM decisions
    WHERE ${WHERE}
        AND (subject_type, subject_id) IN
            (SELECT DISTINCT subject_type, subject_id FROM decisions WHERE ${WHERE} AND ${REFUSED} LIMIT 5000)
)
GROUP BY route_id, subject_type, subject_id
HAVING countIf(refused) > 0 AND days_in >= ${LEAST_DAYS} AND last_in_at < refused_at
    AND NOT (countIf(is_in) > 0 AND minIf(decided_at, is_in) < refused_at)
ORDER BY in_again, refused_at DESC, route_id, subject_id
LIMIT ${MOST_PEOPLE + 1}`

const Row = z.object({
  route_id: z.string(),
  app: z.string(),
  subject_type: z.string(),
  subject_id: z.string(),
  refused_at: z.string(),
  decision_id: z.string(),
  reason: z.string(),
  old_outcome: z.string(),
  last_in_at: z.string(),
  in_again: z.coerce.boolean(),
})

/** Somebody whom earlier revisions let in on a route, and whom the one in force refused the first time. */
export interface NewlyBlocked extends Omit<z.infer<typeof Row>, 'old_outcome'> {
  /** What the revision before would have decided about the refused request; null: it was not asked. */
  readonly old_outcome: Outcome | null
}

export interface BlockedPeople {
  readonly people: readonly NewlyBlocked[]
  /** There are more than are listed. */
  readonly more: boolean
}

/** Reads who is newly blocked by a revision, those who are still out first. Throws `ERR_STORE_QUERY`. */
export async function readNewlyBlocked(
  store: Store,
  { tenant, revision, since }: { readonly tenant: string; readonly revision: string; readonly since: Date },
): Promise<BlockedPeople> {
  const params = { tenant, revision, since: sinceParam(since), reasons: [...REFUSALS_BY_POLICY] }
  const people = await store('the people whom the policy refuses', BLOCKED, params, (value) => {
    const { old_outcome, ...row } = Row.parse(value)
    const known = Outcome.safeParse(old_outcome)
    return { ...row, old_outcome: known.success ? known.data : null }
  })
  return { people: people.slice(0, MOST_PEOPLE), more: people.length > MOST_PEOPLE }
}

import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { Tenant } from '../../../schemas/bounds.ts'
import { PolicyRevision } from '../../../schemas/policy.ts'
import { policyRevisions } from '../../../schemas/topics.ts'
import { compilePolicy } from '../../policy/compile.ts'
import { policyUsage, type PolicyUsage } from '../../policy/usage.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'
import { refuseQuery } from '../refuse.ts'
import type { Store } from '../store/store.ts'
import { readNewlyBlocked, type BlockedPeople } from './newly-blocked.ts'
import { readUsage } from './read-usage.ts'

const DAY_MS = 86_400_000
/** A tenant has one policy as a rule; each costs a question about whom it blocks. */
const MOST_POLICIES = 10

const Query = z.strictObject({
  tenant: Tenant.default('default'),
  days: z.coerce.number().int().min(1).max(90).default(30),
})

/** How one policy in force is used. */
export interface PolicyInForce {
  readonly policy: string
  readonly revision: string
  readonly applied_at: string
  readonly applied_by: string
  readonly usage: PolicyUsage
  readonly blocked: BlockedPeople
}

export interface PolicyUsageAnswer {
  readonly days: number
  /** The day of the oldest decision that is kept; null: none is, or no policy is in force. */
  readonly kept_since: string | null
  readonly policies: readonly PolicyInForce[]
}

/** What platform teams ask of the policies in force: who is newly blocked, which rules and grants nobody uses. */
export function policyRoutes(
  app: FastifyInstance,
  { store, eventLog }: { readonly store: Store; readonly eventLog: EventLog },
): void {
  app.get('/api/v1/policy-usage', async (request, reply) => {
    const query = Query.safeParse(request.query)
    if (!query.success) return refuseQuery(reply, query.error)
    const { tenant, days } = query.data
    const since = new Date(Date.now() - days * DAY_MS)
    // What a gateway has put in force compiles; one of a later version may say what this one does not know.
    const known = (await inForce(eventLog, tenant)).flatMap((record) => {
      const { policy: compiled } = compilePolicy(JSON.stringify(record.document), record.policy)
      return compiled ? [{ ...record, compiled }] : []
    })
    if (known.length === 0) return { days, kept_since: null, policies: [] } satisfies PolicyUsageAnswer
    const compiled = known.map((each) => each.compiled)
    const { rows, kept_since } = await readUsage(store, compiled, { tenant, since })
    const policies: PolicyInForce[] = []
    for (const { policy, revision, applied_at, applied_by, compiled: of } of known) {
      const blocked = await readNewlyBlocked(store, { tenant, revision, since })
      policies.push({
        policy,
        revision,
        applied_at,
        applied_by,
        usage: { ...policyUsage(of, rows), revision },
        blocked,
      })
    }
    return { days, kept_since, policies } satisfies PolicyUsageAnswer
  })
}

async function inForce(eventLog: EventLog, tenant: string): Promise<PolicyRevision[]> {
  const table = await eventLog.openTable(policyRevisions)
  try {
    await table.caughtUp()
    return [...table.entries(`${tenant}/`)]
      .flatMap(([, value]) => readRecord(PolicyRevision, { value }) ?? [])
      .sort((a, b) => (a.applied_at < b.applied_at ? 1 : -1))
      .slice(0, MOST_POLICIES)
  } finally {
    await table.close()
  }
}

import { createHash } from 'node:crypto'
import type { Decision } from '../../../schemas/decision.ts'
import type { CompiledRoutes } from '../people/routes.ts'
import { isWorking, nextTarget, whereabouts } from '../people/day.ts'
import type { Person } from '../people/person.ts'
import { seedOf, seededRandom } from '../random.ts'

const MINUTE_MS = 60_000

/**
 * The decisions of the days before the demo began, oldest first: what each
 * person's habits would have made the gateway record. Marked `origin: import`,
 * so that they restrict and page nobody. Ids follow from the content, so the
 * same history written twice is the same.
 */
export function* history(
  people: readonly Person[],
  routes: CompiledRoutes,
  options: { readonly tenant: string; readonly until_ms: number; readonly days: number },
): Generator<Decision> {
  const until = Math.floor(options.until_ms / MINUTE_MS) * MINUTE_MS
  const from = until - options.days * 86_400_000
  // Somebody's session lasts while they stay in one place with one browser.
  const sessions = new Map<string, { key: string; session_id: string; since: number }>()
  for (let minute = from; minute < until; minute += MINUTE_MS) {
    for (const person of people) {
      const random = seededRandom(seedOf(`${person.id}/history/${minute}`))
      // One look in about ten minutes: enough for a baseline, a few ten thousand decisions in all.
      if (random.next() > 0.09 || !isWorking(person, minute)) continue
      const here = whereabouts(person, minute)
      const at = minute + random.below(55_000)
      const key = `${here.ip}/${here.agent.kind}`
      let session = sessions.get(person.id)
      if (session?.key !== key || at - session.since > 8 * 3_600_000) {
        session = { key, session_id: `history-${person.id}-${minute / MINUTE_MS}`, since: at }
        sessions.set(person.id, session)
        yield signIn(options.tenant, person, here.ip, here.agent.user_agent, at)
      }
      const target = nextTarget(person.habits, random)
      const route = routes.find(target)
      if (!route) continue
      yield withId({
        schema_version: 1,
        decided_at: new Date(at + 1000).toISOString(),
        outcome: 'permit',
        tenant: options.tenant,
        origin: 'import',
        reasons: ['policy_permit'],
        policy: { route_id: route.route_id, enforcement: 'enforce' },
        subject: {
          type: 'user',
          id: person.id,
          session_id: session.session_id,
          groups: [...person.groups],
          authenticated_at: new Date(session.since).toISOString(),
        },
        action: { name: route.action },
        resource: route.resource,
        context: {
          ip: here.ip,
          user_agent: here.agent.user_agent,
          http: { host: `${target.app}.localhost`, method: target.method, path: target.path, status: 200 },
        },
      })
    }
  }
}

function signIn(tenant: string, person: Person, ip: string, user_agent: string, at: number): Decision {
  return withId({
    schema_version: 1,
    decided_at: new Date(at).toISOString(),
    outcome: 'permit',
    tenant,
    origin: 'import',
    reasons: ['policy_permit'],
    subject: { type: 'user', id: person.id, groups: [...person.groups] },
    action: { name: 'sign_in' },
    resource: { type: 'identity_provider', id: 'sign-in', app: 'identity', sensitivity: 'low' },
    context: { ip, user_agent },
  })
}

function withId(decision: Omit<Decision, 'id'>): Decision {
  const content = createHash('sha256').update(JSON.stringify(decision)).digest('hex')
  return { ...decision, id: `history-${content.slice(0, 24)}` }
}

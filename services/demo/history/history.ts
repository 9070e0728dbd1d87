import { createHash } from 'node:crypto'
import type { Decision } from '../../../schemas/decision.ts'
import type { SeenDevice } from '../devices/fleet.ts'
import type { CompiledRoutes } from '../people/routes.ts'
import { countOf, requestsAnHour, requestsFor } from '../people/activity.ts'
import { nextTarget, whereabouts, type Whereabouts } from '../people/day.ts'
import type { Person } from '../people/person.ts'
import { seedOf, seededRandom, type Random } from '../random.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

export interface HistoryOptions {
  readonly tenant: string
  readonly until_ms: number
  readonly days: number
  readonly requests_an_hour: number
  /** A computer of the company's by its name. */
  readonly seen: (device: string) => SeenDevice | undefined
}

/**
 * The decisions of the days before the demo began, oldest first: what each
 * person's habits would have made the gateway record. Marked `origin: import`,
 * so that they restrict and page nobody. Ids follow from the content and days
 * begin at midnight, so what was broken off can be gone on with on the same day.
 */
export function* history(
  people: readonly Person[],
  routes: CompiledRoutes,
  options: HistoryOptions,
): Generator<Decision> {
  const until = Math.floor(options.until_ms / MINUTE_MS) * MINUTE_MS
  const from = (Math.floor(until / DAY_MS) - options.days + 1) * DAY_MS
  // Somebody's session lasts while they stay in one place with one browser.
  const sessions = new Map<string, { key: string; session_id: string; since: number }>()
  for (let minute = from; minute < until; minute += MINUTE_MS) {
    const looks: Decision[] = []
    for (const person of people) {
      const expected = requestsAnHour(person, minute, options.requests_an_hour) / 60
      if (expected === 0) continue
      const random = seededRandom(seedOf(`${person.id}/history/${minute}`))
      const times = Array.from({ length: countOf(expected, random) }, () => minute + random.below(55_000))
      for (const at of times.sort((a, b) => a - b)) looks.push(...look(person, minute, at, random))
    }
    yield* looks.sort((a, b) => (a.decided_at < b.decided_at ? -1 : a.decided_at > b.decided_at ? 1 : 0))
  }

  function* look(person: Person, minute: number, at: number, random: Random): Generator<Decision> {
    const here = whereabouts(person, minute)
    const key = `${here.ip}/${here.agent.kind}`
    const device = here.device === null ? undefined : options.seen(here.device)
    let session = sessions.get(person.id)
    if (session?.key !== key || at - session.since > 8 * 3_600_000) {
      session = { key, session_id: `history-${person.id}-${minute / MINUTE_MS}`, since: at }
      sessions.set(person.id, session)
      yield signIn(options.tenant, person, here, device, at)
    }
    for (const target of requestsFor(nextTarget(person.habits, random))) {
      const route = routes.find(target)
      if (!route) continue
      yield withId({
        schema_version: 1,
        decided_at: new Date(at + 1000).toISOString(),
        outcome: 'permit',
        tenant: options.tenant,
        origin: 'import',
        reasons: ['policy_permit'],
        policy: { route_id: route.route_id, rule_id: route.rule_id, enforcement: route.enforcement },
        subject: {
          type: 'user',
          id: person.id,
          session_id: session.session_id,
          groups: [...person.groups],
          authenticated_at: new Date(session.since).toISOString(),
        },
        ...(device && { device }),
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

function signIn(
  tenant: string,
  person: Person,
  { ip, agent }: Whereabouts,
  device: SeenDevice | undefined,
  at: number,
): Decision {
  return withId({
    schema_version: 1,
    decided_at: new Date(at).toISOString(),
    outcome: 'permit',
    tenant,
    origin: 'import',
    reasons: ['policy_permit'],
    subject: { type: 'user', id: person.id, groups: [...person.groups] },
    ...(device && { device }),
    action: { name: 'sign_in' },
    resource: { type: 'identity_provider', id: 'sign-in', app: 'identity', sensitivity: 'low' },
    context: { ip, user_agent: agent.user_agent },
  })
}

/** Under an id that follows from the content. */
export function withId(decision: Omit<Decision, 'id'>): Decision {
  const content = createHash('sha256').update(JSON.stringify(decision)).digest('hex')
  return { ...decision, id: `history-${content.slice(0, 24)}` }
}

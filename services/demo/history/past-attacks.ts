import type { Decision } from '../../../schemas/decision.ts'
import type { Reason } from '../../../schemas/reasons.ts'
import { isWorking, whereabouts } from '../people/day.ts'
import type { Person, Target } from '../people/person.ts'
import { addressIn, pastAttacker } from '../people/places.ts'
import type { CompiledRoutes } from '../people/routes.ts'
import { ATTACKER_AGENT } from '../stories/story.ts'
import { type HistoryOptions, withId } from './history.ts'

const HOUR_MS = 3_600_000
const REQUESTS = 40

/**
 * What happened to three people before the demo began, so that there is
 * something to judge: two sessions that were used from elsewhere too, and one of
 * sales who tried payroll files. Oldest first.
 */
export function pastAttacks(
  people: readonly Person[],
  routes: CompiledRoutes,
  { tenant, until_ms, days, seen }: HistoryOptions,
): Decision[] {
  if (days < 4) return []
  const begun = Math.floor(until_ms / HOUR_MS) * HOUR_MS
  const made: Decision[] = []
  const used = new Set<string>()
  const atWork = (role: Person['role'], at: number): Person | undefined => {
    const person = people.find(
      (each) =>
        each.role === role && !used.has(each.id) && isWorking(each, at) && isWorking(each, at + HOUR_MS),
    )
    if (person) used.add(person.id)
    return person
  }
  const tell = (person: Person, at: number, target: Target, by: 'thief' | 'owner'): void => {
    const route = routes.find(target)
    if (!route) return
    const here = whereabouts(person, at)
    const stolen = by === 'thief'
    const device = stolen || here.device === null ? undefined : seen(here.device)
    const refused = target.path.startsWith('/payroll')
    const reasons: Reason[] = [refused ? 'no_rule_matched' : 'policy_permit']
    made.push(
      withId({
        schema_version: 1,
        decided_at: new Date(at).toISOString(),
        outcome: refused ? 'deny' : 'permit',
        tenant,
        origin: 'import',
        reasons,
        policy: {
          route_id: route.route_id,
          enforcement: route.enforcement,
          ...(!refused && { rule_id: route.rule_id }),
        },
        subject: {
          type: 'user',
          id: person.id,
          session_id: `history-${person.id}-of-the-story`,
          groups: [...person.groups],
        },
        ...(device && { device }),
        action: { name: route.action },
        resource: route.resource,
        context: {
          ip: stolen ? addressIn(pastAttacker, 30) : here.ip,
          user_agent: stolen ? ATTACKER_AGENT : here.agent.user_agent,
          http: {
            host: `${target.app}.localhost`,
            method: 'GET',
            path: target.path,
            status: refused ? 403 : 200,
          },
        },
      }),
    )
  }
  const probe = (hoursAgo: number): void => {
    const at = begun - hoursAgo * HOUR_MS
    const person = atWork('sales', at)
    if (!person) return
    for (let nth = 0; nth < REQUESTS; nth += 1)
      tell(person, at + nth * 500, { app: 'records', method: 'GET', path: `/payroll/${1 + nth}` }, 'owner')
  }
  const steal = (hoursAgo: number): void => {
    const at = begun - hoursAgo * HOUR_MS
    const person = atWork('engineering', at)
    if (!person) return
    for (let nth = 0; nth < REQUESTS; nth += 1) {
      const path = `/services/${1 + (nth % 12)}`
      tell(person, at + nth * 500, { app: 'deploy', method: 'GET', path }, nth % 2 === 0 ? 'owner' : 'thief')
    }
  }
  // At another time of day than now, and so to others than today's; long enough ago that what happens today is another story.
  steal(62)
  probe(60)
  steal(36)
  return made
}

/** Two lots, each oldest first, as one that is. */
export function* inOrder(many: Iterable<Decision>, few: readonly Decision[]): Generator<Decision> {
  let next = 0
  for (const decision of many) {
    for (let other = few[next]; other && other.decided_at < decision.decided_at; other = few[next]) {
      yield other
      next += 1
    }
    yield decision
  }
  yield* few.slice(next)
}

import type { Decision } from '../../../schemas/decision.ts'
import { addressIn, sites } from '../people/places.ts'
import { withId } from './history.ts'

const LEAVERS = 6
/** So long before the history of the people who are still there. */
const BEFORE_DAYS = 3
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36'

/**
 * One afternoon of contractors who have left since, with an application that
 * nobody uses any more: their accounts still have access, and the rule that let
 * them in matches nobody. Oldest first, three days before the people's history.
 */
export function* leavers(options: {
  readonly tenant: string
  readonly until_ms: number
  readonly days: number
}): Generator<Decision> {
  if (options.days === 0) return
  const day = Math.floor(options.until_ms / DAY_MS) - options.days + 1 - BEFORE_DAYS
  for (let look = 0; look < 4; look += 1) {
    for (let nth = 0; nth < LEAVERS; nth += 1) {
      const site = sites[nth % sites.length]
      if (!site) continue
      yield withId({
        schema_version: 1,
        decided_at: new Date(day * DAY_MS + (13 + look) * HOUR_MS + nth * 60_000).toISOString(),
        outcome: 'permit',
        tenant: options.tenant,
        origin: 'import',
        reasons: ['policy_permit'],
        policy: { route_id: 'expenses', rule_id: 'expenses.contractors', enforcement: 'enforce' },
        subject: { type: 'user', id: `contractor-${nth + 1}`, groups: ['contractors'] },
        action: { name: 'GET' },
        resource: {
          type: 'http',
          id: '/claims',
          app: 'expenses',
          path_template: '/claims',
          sensitivity: 'medium',
        },
        context: {
          ip: addressIn(site.office, 240 + nth),
          user_agent: AGENT,
          http: { host: 'expenses.localhost', method: 'GET', path: '/claims', status: 200 },
        },
      })
    }
  }
}

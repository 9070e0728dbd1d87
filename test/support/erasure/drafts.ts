import type { DecisionDraft } from '../../../services/gateway/record/decision-draft.ts'
import { ALICE, BOB } from './two-people.ts'

/** When the first of them decides something, in ms since the epoch. */
export const START = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 6 * 3_600_000

/** Two people's decisions on one gateway, by turns; every tenth is of somebody who did not say who. */
export function drafts(count: number): DecisionDraft[] {
  return Array.from({ length: count }, (_, n) => {
    const who = n % 2 === 0 ? ALICE : BOB
    const unknown = n % 10 === 4
    return {
      tenant: 'default',
      origin: 'live',
      decided_at: new Date(START + n * 1000).toISOString(),
      outcome: n % 7 === 0 ? 'deny' : 'permit',
      reasons: ['policy_permit'],
      subject: unknown
        ? { type: 'anonymous', id: 'anonymous' }
        : {
            type: 'user',
            id: who.id,
            session_id: who.session,
            groups: ['staff'],
            authenticated_at: new Date(START).toISOString(),
          },
      ...(!unknown && { device: { id: who.device, managed: true } }),
      action: { name: 'read' },
      resource: { type: 'http', id: `/records/${n % 5}`, app: 'records', path_template: '/records/{id}' },
      context: {
        ip: who.ip,
        user_agent: 'agent' in who ? who.agent : 'Mozilla/5.0',
        http: { method: 'GET', path: `/records/${n % 5}?of=${who.id}` },
      },
      policy: { revision: 'r-1', rule_id: 'staff', route_id: 'records', inputs: { 'subject.id': who.id } },
      latency_us: 400 + n,
    } satisfies DecisionDraft
  })
}

import type { DecisionInput } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import type { DemoChain } from '../chain.ts'
import type { RecordSignIn, SignIn } from './sign-in.ts'

export const PROVIDER_PEP = { id: 'demo-provider', kind: 'openid-provider' } as const

/**
 * The provider is an enforcement point too: whether a password is taken is an
 * access decision, and each attempt is recorded as one, numbered and chained
 * like a gateway's. One after the other, so that the log holds the chain in order.
 */
export function createSignInRecorder(
  eventLog: EventLog,
  chain: DemoChain,
  now: () => number = Date.now,
): RecordSignIn {
  let before: Promise<void> = Promise.resolve()

  return async function record(attempt: SignIn): Promise<void> {
    const decision = chain.link(describe(attempt, now()))
    const mine = before.then(() => eventLog.append([jsonRecord(accessDecisions, decision)]))
    before = mine.catch(() => undefined)
    await mine
    chain.logged([decision])
  }
}

function describe(
  { account, result, ip, user_agent }: SignIn,
  atMs: number,
): Omit<DecisionInput, 'id' | 'tenant' | 'origin' | 'pep'> & { schema_version: 1 } {
  return {
    schema_version: 1,
    decided_at: new Date(atMs).toISOString(),
    outcome: result === 'ok' ? 'permit' : 'deny',
    reasons: [
      result === 'ok' ? 'policy_permit' : result === 'wrong' ? 'credentials_rejected' : 'account_unknown',
    ],
    subject: { type: 'user', id: account === '' ? 'nobody' : account, idp: PROVIDER_PEP.id },
    action: { name: 'sign_in' },
    resource: { type: 'identity_provider', id: 'sign-in', app: 'identity', sensitivity: 'low' },
    context: {
      ip,
      user_agent,
      http: {
        host: 'localhost',
        method: 'POST',
        path: '/interaction/password',
        status: result === 'ok' ? 303 : 401,
      },
    },
  }
}

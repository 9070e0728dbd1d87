import type { SeenDevice } from '../devices/fleet.ts'
import type { DemoChain, DemoDraft } from '../chain/chain.ts'
import type { RecordSignIn, SignIn } from './sign-in.ts'

export const PROVIDER_PEP = { id: 'demo-provider', kind: 'openid-provider' } as const

/**
 * The provider is an enforcement point too: whether a password is taken is an
 * access decision, and each attempt is recorded as one, numbered and chained
 * like a gateway's.
 *
 * @param seen a device of the company's by its name
 */
export function createSignInRecorder(
  chain: DemoChain,
  seen: (device: string) => SeenDevice | undefined,
  now: () => number = Date.now,
): RecordSignIn {
  return (attempt) => chain.record([describe(attempt, seen(attempt.device), now())])
}

function describe(
  { account, result, ip, user_agent }: SignIn,
  device: SeenDevice | undefined,
  atMs: number,
): DemoDraft {
  return {
    schema_version: 1,
    decided_at: new Date(atMs).toISOString(),
    outcome: result === 'ok' ? 'permit' : 'deny',
    reasons: [
      result === 'ok' ? 'policy_permit' : result === 'wrong' ? 'credentials_rejected' : 'account_unknown',
    ],
    subject: { type: 'user', id: account === '' ? 'nobody' : account, idp: PROVIDER_PEP.id },
    ...(device && { device }),
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

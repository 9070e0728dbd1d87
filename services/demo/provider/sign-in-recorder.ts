import { randomBytes } from 'node:crypto'
import { chainHash, GENESIS, personalHash } from '../../../schemas/chain.ts'
import type { Decision, DecisionInput } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import type { RecordSignIn, SignIn } from './sign-in.ts'

const PEP_ID = 'demo-provider'

/**
 * The provider is an enforcement point too: whether a password is taken is an
 * access decision, and each attempt is recorded as one, numbered and chained
 * like a gateway's. Nothing is known of a boot before this one: the demo's
 * provider forgets everything at a restart.
 */
export function createSignInRecorder(
  eventLog: EventLog,
  tenant: string,
  now: () => number = Date.now,
): RecordSignIn {
  const boot_id = randomBytes(8).toString('hex')
  let seq = 0
  let prev = GENESIS

  return async function record(attempt: SignIn): Promise<void> {
    const unlinked = {
      ...describe(attempt, now()),
      id: `${boot_id}-${seq}`,
      tenant,
      origin: 'live' as const,
      pep: { id: PEP_ID, kind: 'openid-provider', boot_id, seq },
    }
    const salt = randomBytes(16).toString('hex')
    const personal_hash = personalHash(unlinked, salt)
    const hash = chainHash(prev, unlinked, personal_hash)
    const decision: Decision = { ...unlinked, chain: { prev, salt, personal_hash, hash } }
    seq += 1
    prev = hash
    await eventLog.append([jsonRecord(accessDecisions, decision)])
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
    subject: { type: 'user', id: account === '' ? 'nobody' : account, idp: PEP_ID },
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

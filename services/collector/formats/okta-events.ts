import type { Verdict } from './http-verdict.ts'

/** What an Okta event is in our words; `asks` is a step that Okta asks the user to take. */
export interface OktaEvent {
  readonly action: 'sign_in' | 'mfa.verify' | 'token.grant' | 'request'
  readonly kind: 'result' | 'refusal' | 'asks' | 'policy'
  /** Why an event refuses that is a refusal by its name. */
  readonly reason?: Verdict[1]
}

const EVENTS: readonly (readonly [RegExp, OktaEvent])[] = [
  [/^user\.session\.(?:start|access_admin_app)$/, { action: 'sign_in', kind: 'result' }],
  [/^user\.authentication\.(?:auth_via_mfa|verify)$/, { action: 'mfa.verify', kind: 'result' }],
  [
    /^user\.authentication\.(?:sso|auth|authenticate|auth_via_(?!mfa)\w+)$/,
    { action: 'sign_in', kind: 'result' },
  ],
  [
    /^app\.(?:inbound_del_auth\.login_success|kerberos_rich_client\.user_authentication_successful)$/,
    { action: 'sign_in', kind: 'result' },
  ],
  [/^user\.mfa\.okta_verify\.deny_push$/, { action: 'mfa.verify', kind: 'refusal' }],
  [
    /^system\.(?:push\.send_factor_verify_push|(?:email|sms)\.send_factor_verify_message|voice\.send_mfa_challenge_call)$/,
    { action: 'mfa.verify', kind: 'asks' },
  ],
  [/^policy\.evaluate_sign_on$/, { action: 'sign_in', kind: 'policy' }],
  [
    /^(?:application\.policy\.sign_on\.deny_access|app\.generic\.unauth_app_access_attempt)$/,
    { action: 'sign_in', kind: 'refusal' },
  ],
  [
    /^app\.oauth2\.(?:as\.)?authorize\.scope_denied$/,
    { action: 'token.grant', kind: 'refusal', reason: 'permission_missing' },
  ],
  // A refresh token that is good for one use was used again.
  [
    /^app\.oauth2\.(?:as\.)?token\.detect_reuse$/,
    { action: 'token.grant', kind: 'refusal', reason: 'token_invalid' },
  ],
  [/^app\.oauth2\.(?:as\.)?(?:authorize|token\.grant)(?:\.\w+)*$/, { action: 'token.grant', kind: 'result' }],
  [/^security\.request\.blocked$/, { action: 'request', kind: 'refusal' }],
  // Blocked where ThreatInsight enforces; where it logs, the result is ALLOW.
  [/^security\.threat\.detected$/, { action: 'request', kind: 'policy' }],
  [
    /^system\.(?:api_token|oauth2\.token)\.request_outside_allowed_range$/,
    { action: 'request', kind: 'policy' },
  ],
]

/** The event type in our words; null for what decides nothing about access. */
export function oktaEvent(type: string): OktaEvent | null {
  for (const [pattern, event] of EVENTS) if (pattern.test(type)) return event
  return null
}

const REASONS: readonly (readonly [RegExp, Verdict[1]])[] = [
  [/LOCKED|DISABLED|SUSPENDED|DEACTIVATED/i, 'account_locked'],
  [/UNKNOWN_USER|USER_NOT_FOUND|no.such.user|user.*not.*exist/i, 'account_unknown'],
  [/EXPIRED/i, 'token_expired'],
  [/rate.?limit|too.many/i, 'rate_limited'],
  [/NOT_ASSIGNED|not.assigned|UNAUTHORIZED|NOT_AUTHORIZED|access_denied|not.allowed/i, 'permission_missing'],
  [/policy|DENY/i, 'policy_deny'],
]

/**
 * The verdict of an event.
 *
 * | result | verdict |
 * |---|---|
 * | SUCCESS | `permit`, `foreign_permit`; of a message that asks for a factor `step_up`, `step_up_required` |
 * | FAILURE | `deny`; the reason by `outcome.reason`, else by what was tried |
 * | DENY | `deny`, `policy_deny` |
 * | CHALLENGE | `step_up`, `step_up_required` |
 * | FAILURE of a token used outside of its network | `deny`, `policy_deny` |
 * | ALLOW of a policy, of a threat that was only logged | `same_attempt`: the sign-in tells it |
 * | `…scope_denied`, `…token.detect_reuse` whatever the result | `deny`, `permission_missing`; `token_invalid` |
 * | SKIPPED, UNKNOWN, RATE_LIMIT, none | no decision |
 */
export function oktaVerdict(
  { action, kind, reason }: OktaEvent,
  result: string,
  why: string,
): Verdict | 'no_decision' | 'same_attempt' {
  if (kind === 'refusal') return ['deny', reason ?? refusalOf(action, why, 'permission_missing')]
  if (result === 'CHALLENGE') return ['step_up', 'step_up_required']
  if (result === 'DENY') return ['deny', 'policy_deny']
  if (kind === 'policy' && action === 'request' && result === 'FAILURE') return ['deny', 'policy_deny']
  if (kind === 'policy') return result === 'ALLOW' ? 'same_attempt' : 'no_decision'
  if (result === 'FAILURE') {
    return kind === 'asks' ? 'no_decision' : ['deny', refusalOf(action, why, 'credentials_rejected')]
  }
  if (result !== 'SUCCESS' && result !== 'ALLOW') return 'no_decision'
  return kind === 'asks' ? ['step_up', 'step_up_required'] : ['permit', 'foreign_permit']
}

function refusalOf(action: OktaEvent['action'], why: string, otherwise: Verdict[1]): Verdict[1] {
  for (const [pattern, reason] of REASONS) if (pattern.test(why)) return reason
  if (action === 'mfa.verify') return 'mfa_rejected'
  if (action === 'token.grant') return 'token_invalid'
  return action === 'request' ? 'policy_deny' : otherwise
}

import type { DecisionInput } from '../../../schemas/decision.ts'
import type { Verdict } from './http-verdict.ts'
import { textOf, type JsonObject } from './json.ts'

export interface GoogleEvent {
  readonly action: string
  readonly verdict: Verdict
  readonly resource: readonly [type: string, id: string]
  readonly app: string
  readonly would_be?: DecisionInput['outcome']
}

const PERMIT: Verdict = ['permit', 'foreign_permit']

/**
 * An event of the Reports API in our words; null for what decides nothing about
 * access.
 *
 * | event | decision |
 * |---|---|
 * | `login_success` (login, saml) | `sign_in`, `permit` |
 * | `login_failure` (login, saml) | `sign_in`, `deny`; the reason by login_failure_type, failure_type |
 * | `login_challenge`, `login_verification` | `mfa.verify`: passed `permit`, failed `deny` `mfa_rejected`, else `step_up` |
 * | `risky_sensitive_action_allowed`, `…_blocked` | `sensitive_action`, `permit`; `deny` `risk_high` |
 * | `ACCESS_DENY_EVENT` | `access`, `deny`: `device_tier_too_low` where access levels are named, else `policy_deny` |
 * | `ACCESS_DENY_INTERNAL_ERROR_EVENT` | `access`, `error_closed` `policy_error` |
 * | `MONITOR_MODE_ACCESS_DENY_EVENT` | `access`, `permit`, and `would_be` `deny` |
 * | `authorize` (token) | `token.grant`, `permit`, to app_name |
 * | names in capitals (admin) | `admin:NAME`, `permit`: it was done; on the user, group, application or setting named |
 */
export function googleEvent(name: string, parameters: JsonObject): GoogleEvent | null {
  const said = (key: string): string => textOf(parameters, key)
  const service = said('application_name') || 'Google Workspace'
  const signIn = { action: 'sign_in', resource: ['application', service], app: service } as const
  const named = said('CAA_APPLICATION') || 'Google Workspace'
  const access = { action: 'access', resource: ['application', named], app: named } as const
  const action = said('sensitive_action_name') || 'sensitive_action'
  const sensitive = {
    action: 'sensitive_action',
    resource: ['sensitive_action', action],
    app: 'Google Workspace',
  } as const
  switch (name) {
    case 'login_success':
      return { ...signIn, verdict: PERMIT }
    case 'login_failure':
      return { ...signIn, verdict: ['deny', failureOf(said('login_failure_type') || said('failure_type'))] }
    case 'login_challenge':
    case 'login_verification':
      return { ...signIn, action: 'mfa.verify', verdict: challengeOf(said('login_challenge_status')) }
    case 'risky_sensitive_action_allowed':
      return { ...sensitive, verdict: PERMIT }
    case 'risky_sensitive_action_blocked':
      return { ...sensitive, verdict: ['deny', 'risk_high'] }
    case 'ACCESS_DENY_EVENT': {
      const levels = said('CAA_ACCESS_LEVEL_UNSATISFIED') !== '' || said('CAA_ACCESS_LEVEL_APPLIED') !== ''
      return { ...access, verdict: ['deny', levels ? 'device_tier_too_low' : 'policy_deny'] }
    }
    case 'ACCESS_DENY_INTERNAL_ERROR_EVENT':
      return { ...access, verdict: ['error_closed', 'policy_error'] }
    case 'MONITOR_MODE_ACCESS_DENY_EVENT':
      return { ...access, verdict: PERMIT, would_be: 'deny' }
    case 'authorize': {
      const app = said('app_name') || said('client_id')
      return app === ''
        ? null
        : { action: 'token.grant', resource: ['application', app], app, verdict: PERMIT }
    }
    default:
      return /^[A-Z][A-Z0-9_]{2,}$/.test(name) ? adminAction(name, parameters) : null
  }
}

/** Parameters that name what an admin action is about, the narrowest first. */
const TARGETS = [
  ['user', 'USER_EMAIL'],
  ['group', 'GROUP_EMAIL'],
  ['application', 'APPLICATION_NAME'],
  ['role', 'ROLE_NAME'],
  ['setting', 'SETTING_NAME'],
  ['domain', 'DOMAIN_NAME'],
  ['org_unit', 'ORG_UNIT_NAME'],
] as const

function adminAction(name: string, parameters: JsonObject): GoogleEvent {
  const [type, key] = TARGETS.find(([, each]) => textOf(parameters, each) !== '') ?? ['admin_console', '']
  return {
    action: `admin:${name}`,
    resource: [type, textOf(parameters, key) || 'admin console'],
    app: 'Google Admin',
    verdict: PERMIT,
  }
}

function failureOf(type: string): Verdict[1] {
  if (/second_factor|challenge|access_code/i.test(type)) return 'mfa_rejected'
  if (/disabled|suspended|locked/i.test(type)) return 'account_locked'
  if (/unknown_user|no_such|not_found/i.test(type)) return 'account_unknown'
  if (/app_not_(?:configured|enabled)|not_enabled_for_user|denied/i.test(type)) return 'permission_missing'
  return 'credentials_rejected'
}

/** Google writes `passed`, `Challenge Passed.`, `incorrect_answer_entered`, `failed`; or nothing while it asks. */
function challengeOf(status: string): Verdict {
  if (/passed|success/i.test(status)) return PERMIT
  return /fail|incorrect|wrong|reject|denied/i.test(status)
    ? ['deny', 'mfa_rejected']
    : ['step_up', 'step_up_required']
}

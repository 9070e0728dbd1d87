import { verdictOfStatus, type Verdict } from './http-verdict.ts'

export interface EnvoyResult {
  readonly status: number
  /** `%RESPONSE_CODE_DETAILS%`; '' when it was not logged. */
  readonly details: string
  /** `%RESPONSE_FLAGS%`, split. */
  readonly flags: ReadonlySet<string>
  readonly user: boolean
}

/** What Envoy's response code details say of access, beyond the status. */
const DETAILS: readonly (readonly [RegExp, Verdict])[] = [
  [/^ext_authz_error/, ['error_closed', 'policy_error']],
  [/^rbac_access_denied/, ['deny', 'policy_deny']],
  [/^jwt_authn_access_denied.*missing/i, ['deny', 'not_authenticated']],
  [/^jwt_authn_access_denied.*expired/i, ['deny', 'token_expired']],
  [/^jwt_authn_access_denied/, ['deny', 'token_invalid']],
  [/^oauth/, ['deny', 'token_invalid']],
  [/^(?:basic_auth|invalid_credential)/, ['deny', 'credentials_rejected']],
  [/^csrf_/, ['deny', 'policy_deny']],
  [/rate_limited/, ['error_closed', 'rate_limited']],
]

/** Flags of a request that was let through, and then the application could not be reached. */
const UPSTREAM_FAULTS = ['UF', 'UH', 'UT', 'UC', 'UR', 'UO', 'URX', 'UMSDR', 'UPE']

/**
 * What became of a request, by Envoy's response code details and flags, else by
 * its status.
 *
 * | Envoy | verdict |
 * |---|---|
 * | `ext_authz_denied` or flag UAEX, with a redirect | `step_up`, `not_authenticated`: the client is sent to sign in |
 * | `ext_authz_denied` or UAEX, with 401 | `deny`, `not_authenticated` |
 * | `ext_authz_denied` or UAEX | `deny`, `policy_deny` |
 * | `ext_authz_error` | `error_closed`, `policy_error` |
 * | `rbac_access_denied…`, `csrf_…` | `deny`, `policy_deny` |
 * | `jwt_authn_access_denied…` | `deny`, `not_authenticated`, `token_expired` or `token_invalid` |
 * | `…rate_limited`, flag RL | `error_closed`, `rate_limited` |
 * | `route_not_found`, flag NR | `deny`, `no_route` |
 * | flag LH (health check) | none |
 * | a flag that says that the application failed (UF, UH, UT, …) | `permit`: access was granted before |
 * | anything else | by status (`http-verdict.ts`) |
 *
 * @see "Response code details" and "Access log command operators", Envoy documentation.
 */
export function envoyVerdict({ status, details, flags, user }: EnvoyResult): Verdict | null {
  if (flags.has('LH')) return null
  if (
    details.startsWith('ext_authz_denied') ||
    (flags.has('UAEX') && !details.startsWith('ext_authz_error'))
  ) {
    if (status >= 300 && status < 400) return ['step_up', 'not_authenticated']
    return ['deny', status === 401 ? 'not_authenticated' : 'policy_deny']
  }
  for (const [pattern, verdict] of DETAILS) if (pattern.test(details)) return verdict
  if (flags.has('RL')) return ['error_closed', 'rate_limited']
  if (flags.has('NR') || details === 'route_not_found') return ['deny', 'no_route']
  if (UPSTREAM_FAULTS.some((flag) => flags.has(flag))) return ['permit', 'foreign_permit']
  return verdictOfStatus(status, { answered: details === 'via_upstream', user })
}

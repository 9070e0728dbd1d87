import type { DecisionInput } from '../../../schemas/decision.ts'

type Outcome = DecisionInput['outcome']
type Reason = NonNullable<DecisionInput['reasons']>[number]

/**
 * What an error code of the Microsoft identity platform (AADSTS…, the sign-in
 * log's `ResultType` or `status.errorCode`) is in our words.
 *
 * @see "Microsoft Entra authentication and authorization error codes",
 *   Microsoft Learn. A code that is not here is a `deny` with `foreign_deny`;
 *   the code itself is always kept in `unmapped.result_type`.
 */
const RESULTS: ReadonlyMap<string, readonly [Outcome, Reason]> = new Map([
  ['0', ['permit', 'foreign_permit']],
  // The name or the password.
  ['50126', ['deny', 'credentials_rejected']],
  ['50056', ['deny', 'credentials_rejected']],
  ['50055', ['deny', 'credentials_rejected']],
  ['50064', ['deny', 'credentials_rejected']],
  ['50144', ['deny', 'credentials_rejected']],
  ['70002', ['deny', 'credentials_rejected']],
  ['80012', ['deny', 'policy_deny']],
  ['7000215', ['deny', 'credentials_rejected']],
  ['7000222', ['deny', 'token_expired']],
  ['50034', ['deny', 'account_unknown']],
  ['50059', ['deny', 'account_unknown']],
  ['51004', ['deny', 'account_unknown']],
  ['90072', ['deny', 'account_unknown']],
  ['700016', ['deny', 'account_unknown']],
  // Smart lockout, an address with bad repute, a disabled account.
  ['50053', ['deny', 'account_locked']],
  ['50057', ['deny', 'account_locked']],
  // A second factor is asked for: the sign-in goes on.
  ['50072', ['step_up', 'step_up_required']],
  ['50074', ['step_up', 'step_up_required']],
  ['50076', ['step_up', 'step_up_required']],
  ['50079', ['step_up', 'step_up_required']],
  ['50097', ['step_up', 'device_unknown']],
  ['50125', ['step_up', 'step_up_required']],
  ['50127', ['step_up', 'device_unknown']],
  ['50129', ['step_up', 'device_unknown']],
  ['50140', ['step_up', 'step_up_required']],
  ['50158', ['step_up', 'step_up_required']],
  ['50187', ['step_up', 'device_unknown']],
  ['50203', ['step_up', 'step_up_required']],
  ['50207', ['step_up', 'step_up_required']],
  ['16000', ['step_up', 'not_authenticated']],
  ['50058', ['step_up', 'not_authenticated']],
  ['65001', ['step_up', 'permission_missing']],
  ['70043', ['step_up', 'authentication_too_old']],
  ['70044', ['step_up', 'authentication_too_old']],
  ['53004', ['step_up', 'step_up_required']],
  // The second factor was refused, or not given.
  ['500121', ['deny', 'mfa_rejected']],
  ['50088', ['deny', 'mfa_rejected']],
  ['50089', ['deny', 'token_expired']],
  // Conditional access.
  ['53000', ['deny', 'device_tier_too_low']],
  ['53001', ['deny', 'device_tier_too_low']],
  ['53002', ['deny', 'policy_deny']],
  ['53003', ['deny', 'policy_deny']],
  ['53009', ['deny', 'policy_deny']],
  ['53011', ['deny', 'risk_high']],
  ['530002', ['deny', 'device_tier_too_low']],
  ['530003', ['deny', 'device_tier_too_low']],
  ['530032', ['deny', 'policy_deny']],
  // What a person may use, and how long.
  ['50105', ['deny', 'permission_missing']],
  ['65004', ['deny', 'permission_missing']],
  ['50132', ['deny', 'session_revoked']],
  ['50133', ['deny', 'session_revoked']],
  ['50173', ['deny', 'session_revoked']],
  ['70008', ['deny', 'token_expired']],
  ['700082', ['deny', 'token_expired']],
  ['700084', ['deny', 'token_expired']],
  ['50013', ['deny', 'token_invalid']],
  ['50027', ['deny', 'token_invalid']],
  ['90033', ['error_closed', 'identity_provider_unreachable']],
  ['81016', ['deny', 'token_invalid']],
])

export function resultOf(code: string): readonly [Outcome, Reason] {
  return RESULTS.get(code) ?? ['deny', 'foreign_deny']
}

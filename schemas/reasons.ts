import { z } from 'zod'

/**
 * Why a decision came out as it did: a closed list, so that it can be grouped
 * by, alerted on and explained. A new reason is a change of contract; a text
 * for people belongs to the page that shows it, not here.
 */
export const Reason = z.enum([
  'policy_permit',
  'policy_deny',
  'no_route',
  'no_rule_matched',
  'not_authenticated',
  'token_invalid',
  'token_expired',
  'session_expired',
  'session_revoked',
  'device_unknown',
  'device_tier_too_low',
  'step_up_required',
  'authentication_too_old',
  'risk_medium',
  'risk_high',
  'risk_revoke',
  'risk_stale',
  'break_glass',
  'policy_error',
  'identity_provider_unreachable',
  'log_unreachable',
  'upstream_unreachable',
  'request_malformed',
  'credentials_rejected',
  'mfa_rejected',
  'account_unknown',
  'account_locked',
  'permission_missing',
  'rate_limited',
  'foreign_permit',
  'foreign_deny',
])
export type Reason = z.infer<typeof Reason>

/** The independent class of evidence that a finding belongs to. Two findings of one cause count little more than one. */
export const Cause = z.enum([
  'location',
  'device',
  'rate',
  'credential',
  'path',
  'data',
  'signal',
  'verdict',
  // What nobody is suspected for: a policy that does not do what it should, decisions that are not recorded.
  'policy',
  'recording',
])
export type Cause = z.infer<typeof Cause>

/** Refusals by the policy itself: not for what was presented as proof of identity, and not for risk. */
export const REFUSALS_BY_POLICY: ReadonlySet<Reason> = new Set([
  'policy_deny',
  'no_rule_matched',
  'policy_error',
  'device_tier_too_low',
  'device_unknown',
  'permission_missing',
  'foreign_deny',
])

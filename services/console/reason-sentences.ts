import type { Reason } from '../../schemas/reasons.ts'
import type { DecisionRow } from './decision-row.ts'

type Sentence = (decision: DecisionRow) => string

/** Every reason as a sentence. The compiler asks for a new one when the list of reasons grows. */
const sentences: Readonly<Record<Reason, Sentence>> = {
  policy_permit: () => 'The policy permits it.',
  policy_deny: () => 'The policy refuses it.',
  no_route: () => 'No route of the policy serves this address and path, and what no route serves is refused.',
  no_rule_matched: () => 'No rule of the route applied, and where no rule applies the answer is no.',
  not_authenticated: () => 'Nobody was signed in.',
  token_invalid: () => 'The token was not valid: forged, damaged, or made for another audience.',
  token_expired: () => 'The token had expired.',
  session_expired: () => 'The session had expired.',
  session_revoked: () => 'The session had been revoked.',
  device_unknown: () => 'The device is not in the inventory.',
  device_tier_too_low: ({ resource_required_tier: required, device_tier, trust_tier }) =>
    `The device is not trusted enough: ${tier(required, 'more')} is required, ${tier(device_tier ?? trust_tier, 'less')} was there.`,
  step_up_required: ({ subject_acr }) =>
    `A stronger sign-in was required${subject_acr ? ` than the one used (${subject_acr})` : ''}.`,
  authentication_too_old: ({ subject_authenticated_at: at }) =>
    `The sign-in was too old${at ? `; it was at ${utc(at)}` : ''}.`,
  risk_medium: () => 'Something unusual had been found, so the risk was MEDIUM.',
  risk_high: () => 'Strong signs of a compromise had been found, so the risk was HIGH.',
  risk_revoke: () =>
    'Independent signs of a compromise, or an analyst, had led to all sessions being revoked.',
  risk_stale: () =>
    'The gateway had not heard from the risk feed for too long and fell back to the base policy.',
  break_glass: () => 'This is a break-glass account: risk never restricts it, and every use is alerted.',
  policy_error: () => 'The policy could not be evaluated.',
  identity_provider_unreachable: () => 'The identity provider did not answer.',
  log_unreachable: () => 'The decision could not be recorded, and what is not recorded is not let through.',
  upstream_unreachable: () => 'The application behind the gateway did not answer.',
  request_malformed: () => 'The request was malformed.',
  credentials_rejected: () => 'The password or key was wrong.',
  mfa_rejected: () => 'The second factor was refused or did not arrive.',
  account_unknown: () => 'There is no such account.',
  account_locked: () => 'The account is locked.',
  permission_missing: () => 'The permission for this is missing.',
  rate_limited: () => 'There were too many requests.',
  foreign_permit: () => 'The system that reported it had permitted it.',
  foreign_deny: () => 'The system that reported it had refused it.',
}

/** A reason of a newer version than this one is named as it is. */
export function reasonSentence(reason: string, decision: DecisionRow): string {
  return isReason(reason) ? sentences[reason](decision) : `Reason: ${reason}.`
}

/** Whether our own feedback had its part in the outcome. */
export function byRisk({ caused_by, reasons }: DecisionRow): boolean {
  const ofRisk = /^(risk_(medium|high|revoke)|session_revoked)$/
  return caused_by === 'risk_feedback' || reasons.some((reason) => ofRisk.test(reason))
}

function isReason(reason: string): reason is Reason {
  return Object.hasOwn(sentences, reason)
}

function tier(value: string | undefined, otherwise: string): string {
  return value ? value.replaceAll('_', ' ') : otherwise
}

/** An instant for people, in UTC: the sentence is read in several places. */
export function utc(at: string): string {
  return `${at.slice(0, 19).replace('T', ' ')} UTC`
}

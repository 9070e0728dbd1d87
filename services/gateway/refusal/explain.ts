import type { Outcome } from '../../../schemas/decision.ts'
import type { Reason } from '../../../schemas/reasons.ts'

/** What a refused person is told, in the order of a refusal's first reason. */
export interface Explanation {
  readonly title: string
  readonly what: string
  /** What the person can do about it. */
  readonly help: string
}

const EXPLANATIONS: Readonly<Partial<Record<Reason, Explanation>>> = {
  no_route: {
    title: 'Nothing is here',
    what: 'No application is published at this address.',
    help: 'Check the address. If it is right, the application still has to be published.',
  },
  not_authenticated: {
    title: 'Please sign in',
    what: 'This application is for people who are signed in.',
    help: 'Sign in and try again.',
  },
  token_invalid: {
    title: 'The token does not count',
    what: 'The token of this request was not issued for this application, or was changed.',
    help: 'Get a new token from your identity provider.',
  },
  token_expired: {
    title: 'The token has expired',
    what: 'The token of this request is no longer valid.',
    help: 'Get a new token from your identity provider.',
  },
  session_expired: {
    title: 'Your session has ended',
    what: 'Your sign-in is too long ago.',
    help: 'Sign in again.',
  },
  session_revoked: {
    title: 'You are signed out',
    what: 'This session was ended.',
    help: 'Sign in again.',
  },
  policy_deny: {
    title: 'You may not open this',
    what: 'A rule of the access policy forbids it.',
    help: 'If you need this for your work, ask for access.',
  },
  no_rule_matched: {
    title: 'You may not open this',
    what: 'No rule of the access policy allows it for you.',
    help: 'If you need this for your work, ask for access.',
  },
  device_unknown: {
    title: 'This device is not known',
    what: 'This application can only be opened from a device that is in the inventory.',
    help: 'Use your enrolled device, or have this one enrolled.',
  },
  device_tier_too_low: {
    title: 'This device is not trusted enough',
    what: 'The application asks for more trust than this device has at the moment.',
    help: 'Bring the device up to date, and check that it is managed and compliant.',
  },
  step_up_required: {
    title: 'Please confirm that it is you',
    what: 'This application asks for a stronger sign-in.',
    help: 'Sign in again with your security key or passkey.',
  },
  authentication_too_old: {
    title: 'Please sign in again',
    what: 'This application asks for a recent sign-in.',
    help: 'Sign in again.',
  },
  risk_medium: {
    title: 'Please confirm that it is you',
    what: 'Something about recent activity of your account was unusual.',
    help: 'Sign in again with your security key or passkey.',
  },
  risk_high: {
    title: 'Access is restricted for now',
    what: 'Recent activity of your account or device looks dangerous.',
    help: 'If it was you, tell the security team; they can lift this at once.',
  },
  risk_revoke: {
    title: 'Your session was ended',
    what: 'Your account or device may be in wrong hands, so its sessions were ended.',
    help: 'Sign in again. If that does not help, ask the security team.',
  },
  policy_error: {
    title: 'This can not be decided',
    what: 'A rule of the access policy failed, so the request was refused.',
    help: 'This is not your fault. Please report it.',
  },
  identity_provider_unreachable: {
    title: 'Signing in is not possible right now',
    what: 'The identity provider does not answer.',
    help: 'Try again in a minute.',
  },
  log_unreachable: {
    title: 'Not available right now',
    what: 'Access decisions can not be recorded at the moment, so none is made.',
    help: 'Try again in a minute.',
  },
  upstream_unreachable: {
    title: 'The application does not answer',
    what: 'You may open it, but the application behind the gateway could not be reached.',
    help: 'Try again in a minute. Whoever runs it should check that it is up and that the address in the policy is right.',
  },
  request_malformed: {
    title: 'This request is not clear',
    what: 'Its address or its headers can be read in two ways, so it was refused.',
    help: 'Check the address.',
  },
}

const FALLBACK: Explanation = {
  title: 'You may not open this',
  what: 'The access policy refused the request.',
  help: 'If you need this for your work, ask for access.',
}

export function explanationOf(reasons: readonly Reason[]): Explanation {
  for (const reason of reasons) {
    const explanation = EXPLANATIONS[reason]
    if (explanation) return explanation
  }
  return FALLBACK
}

/** HTTP status of a refusal: 401 where a sign-in would help, 403 where it would not, 404 and 400 for what is not there or not clear. */
export function refusalStatus(outcome: Outcome, reasons: readonly Reason[]): 400 | 401 | 403 | 404 | 503 {
  if (outcome === 'error_closed' || reasons.includes('identity_provider_unreachable')) return 503
  if (reasons.includes('request_malformed')) return 400
  if (reasons.includes('no_route')) return 404
  if (outcome === 'step_up' || outcome === 'revoke') return 401
  const signIn: readonly Reason[] = [
    'not_authenticated',
    'token_invalid',
    'token_expired',
    'session_expired',
    'session_revoked',
  ]
  return reasons.some((reason) => signIn.includes(reason)) ? 401 : 403
}

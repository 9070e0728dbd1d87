import type { Verdict } from './http-verdict.ts'
import { textOf, type JsonObject } from './json.ts'

export interface TeleportEvent {
  readonly action: string
  /** What the event is about, and the members that name it, the first that is there. */
  readonly resource: readonly [type: string, ...members: string[]]
  /** The event is written for what was granted, unless its `success` is false. */
  readonly refused?: true
}

/**
 * The events of Teleport's audit log that decide about access, by their name.
 * Ends of sessions, what happens within one, changes of settings, and access
 * requests (people deciding about roles) are none.
 */
const EVENTS: ReadonlyMap<string, TeleportEvent> = new Map<string, TeleportEvent>([
  ['user.login', { action: 'sign_in', resource: ['application', 'cluster_name'] }],
  ['bot.join', { action: 'sign_in', resource: ['application', 'cluster_name'] }],
  ['instance.join', { action: 'sign_in', resource: ['application', 'cluster_name'] }],
  [
    'auth',
    { action: 'ssh.login', resource: ['host', 'server_hostname', 'server_id', 'addr.local'], refused: true },
  ],
  ['session.start', { action: 'ssh.login', resource: ['host', 'server_hostname', 'server_id'] }],
  [
    'session.rejected',
    { action: 'ssh.login', resource: ['host', 'server_hostname', 'server_id'], refused: true },
  ],
  ...['port', 'port.local', 'port.remote', 'port.remote_conn'].map(
    (name) => [name, { action: 'port.forward', resource: ['host', 'addr', 'server_id'] }] as const,
  ),
  ['x11-forward', { action: 'x11.forward', resource: ['host', 'addr.local', 'server_id'] }],
  [
    'app.session.start',
    { action: 'app.connect', resource: ['application', 'app_name', 'app_public_addr', 'public_addr'] },
  ],
  ['db.session.start', { action: 'db.connect', resource: ['database', 'db_service', 'db_name'] }],
  [
    'windows.desktop.session.start',
    { action: 'rdp.login', resource: ['host', 'desktop_name', 'desktop_addr'] },
  ],
  ['kube.request', { action: 'kube', resource: ['kubernetes', 'kubernetes_cluster'] }],
  ['saml.idp.auth', { action: 'sign_in', resource: ['application', 'service_provider_entity_id'] }],
  ['cert.create', { action: 'certificate.issue', resource: ['application', 'cluster_name'] }],
  ['mfa_auth_challenge.create', { action: 'mfa.verify', resource: ['application', 'cluster_name'] }],
  ['mfa_auth_challenge.validate', { action: 'mfa.verify', resource: ['application', 'cluster_name'] }],
  ['recovery_code.used', { action: 'sign_in', resource: ['application', 'cluster_name'] }],
])

/** Somebody who has not signed in asks to, and waits for the user to agree elsewhere. */
export const HEADLESS_REQUESTED = 'T1012I'

/** Sign-ins to try a connector, which let nobody in, and the ends of port forwards. */
const NO_DECISION = /^(?:T1010I|T1011W|T3003S)$/
const HEADLESS = /^T101[234][IW]$/
const SESSION_OF_CLUSTER: TeleportEvent = {
  action: 'kube:session',
  resource: ['kubernetes', 'kubernetes_cluster'],
}

/** What an event is in our words; null for one that decides nothing about access. */
export function teleportEvent(name: string, object: JsonObject): TeleportEvent | null {
  const code = textOf(object, 'code')
  if (NO_DECISION.test(code)) return null
  if (name === 'session.start' && textOf(object, 'kubernetes_cluster') !== '') return SESSION_OF_CLUSTER
  const event = EVENTS.get(name) ?? null
  return event !== null && name === 'user.login' && HEADLESS.test(code)
    ? { ...event, action: 'mfa.verify' }
    : event
}

const REASONS: readonly (readonly [RegExp, Verdict[1]])[] = [
  [/not found|no such user|does not exist/i, 'account_unknown'],
  [/locked|lock targeting|too many incorrect/i, 'account_locked'],
  [/second factor|mfa|otp|webauthn|u2f|security key/i, 'mfa_rejected'],
  [/device/i, 'device_tier_too_low'],
  [/expired/i, 'token_expired'],
  [
    /access (?:to .* )?denied|not in the set of valid principals|permission|not allowed|no access/i,
    'permission_missing',
  ],
  [/limit/i, 'rate_limited'],
]

/** Why Teleport refused, by what it wrote; else by what was asked for. */
export function teleportReason(action: string, error: string): Verdict[1] {
  for (const [pattern, reason] of REASONS) if (pattern.test(error)) return reason
  if (action === 'mfa.verify') return 'mfa_rejected'
  return action === 'sign_in' || action === 'ssh.login' ? 'credentials_rejected' : 'permission_missing'
}

import type { IncomingHttpHeaders } from 'node:http'
import type { Decided } from '../decide.ts'
import type { RequestFacts } from './request-facts.ts'

/** Cookies of ours: applications never see them, and never set them. */
export const SESSION_COOKIE = 'gatewatch_access'
export const LOGIN_COOKIE = 'gatewatch_login'
export const DEVICE_COOKIE = 'gatewatch_device'
const OUR_COOKIE = /^\s*(?:__Host-)?gatewatch_(?:access|login|device)/i

/** Families of headers by which gateways tell applications who somebody is. Nobody outside may send one. */
const CLAIMED_PREFIXES = [
  'x-gatewatch-',
  'x-forwarded-',
  'x-auth-request-',
  'x-authenticated-',
  'x-webauth-',
  'x-pomerium-',
  'x-envoy-',
  'x-original-',
  'x-goog-',
  'x-amzn-oidc-',
  'x-ms-client-principal',
  'x-vouch-',
  'x-ssl-',
  'x-client-cert',
  'x-remote-',
  'cf-access-',
  'ssl-client-',
]
const CLAIMED = new Set([
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-auth-user',
  'x-user',
  'x-user-id',
  'x-username',
  'x-email',
  'x-groups',
  'x-roles',
  'remote-user',
  'remote-groups',
  'remote-email',
])
/** RFC 9110 section 7.6.1, and `expect`, which the gateway answers itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
])

/** Whether a header claims what only the gateway may say. `X_Auth_User` becomes `X-Auth-User` in many applications, so both are taken alike. */
export function isClaimed(name: string): boolean {
  const normal = name.toLowerCase().replaceAll('_', '-')
  return CLAIMED.has(normal) || CLAIMED_PREFIXES.some((prefix) => normal.startsWith(prefix))
}

/**
 * The headers for the application: the client's own without hop-by-hop ones,
 * without claims of identity, and without our cookies; then who it is and what
 * was decided. `upgrade` keeps what a WebSocket handshake needs.
 */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  facts: RequestFacts,
  { inputs, draft }: Decided,
  decision_id: string,
  { upgrade = false, consumedBearer = false } = {},
): Record<string, string | string[]> {
  const named = new Set(
    (headers.connection ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  )
  const out: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.has(name) || named.has(name) || isClaimed(name)) continue
    if (name.startsWith(':')) continue
    out[name] = value
  }
  delete out['cookie']
  const cookies = applicationCookies(headers.cookie)
  if (cookies !== '') out['cookie'] = cookies
  // A token that was meant for the gateway would let the application act as the caller elsewhere.
  if (consumedBearer) delete out['authorization']
  if (upgrade) {
    out['connection'] = 'Upgrade'
    out['upgrade'] = 'websocket'
  }
  out['x-forwarded-for'] = facts.ip
  out['x-forwarded-host'] = facts.authority
  out['x-forwarded-proto'] = facts.scheme
  if (inputs.subject.type !== 'anonymous') {
    out['x-gatewatch-subject'] = `${inputs.subject.type}:${safe(inputs.subject.id)}`
    out['x-gatewatch-groups'] = inputs.subject.groups.map(safe).join(',')
    out['x-gatewatch-roles'] = inputs.subject.roles.map(safe).join(',')
  }
  out['x-gatewatch-decision-id'] = decision_id
  out['x-gatewatch-policy-rule'] = draft.policy?.rule_id ?? ''
  out['x-gatewatch-trust-tier'] = inputs.trust.tier
  out['x-gatewatch-risk-level'] = inputs.risk.level
  out['x-gatewatch-risk-score'] = String(Math.round(inputs.risk.score))
  if (inputs.device.known) out['x-gatewatch-device'] = safe(inputs.device.id)
  return out
}

/** The application's answer without what it may not say: hop-by-hop headers, ours, and our cookies. */
export function clientHeaders(headers: IncomingHttpHeaders, decision_id: string): IncomingHttpHeaders {
  const named = new Set(
    (headers.connection ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  )
  const out: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (value === undefined || HOP_BY_HOP.has(lower) || named.has(lower)) continue
    if (lower.startsWith('x-gatewatch-')) continue
    if (lower === 'set-cookie') {
      const kept = [value].flat().filter((cookie) => !OUR_COOKIE.test(cookie))
      if (kept.length > 0) out['set-cookie'] = kept
      continue
    }
    out[name] = value
  }
  out['x-gatewatch-decision-id'] = decision_id
  return out
}

function applicationCookies(header: string | undefined): string {
  if (header === undefined) return ''
  return header
    .split(';')
    .filter((pair) => !OUR_COOKIE.test(pair))
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .join('; ')
}

/** Visible ASCII without comma and percent sign, the rest percent-encoded: safe in a header and in a list. */
function safe(text: string): string {
  return text.replaceAll(/[^\x21-\x24\x26-\x2b\x2d-\x7e]/gu, (character) =>
    character === ',' ? '%2C' : encodeURIComponent(character.isWellFormed() ? character : '\ufffd'),
  )
}

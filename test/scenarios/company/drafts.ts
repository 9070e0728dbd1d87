import type { DecisionInput } from '../../../schemas/decision.ts'
import type { Reason } from '../../../schemas/reasons.ts'
import type { Resource } from './catalogue.ts'
import { tlsFingerprint, userAgent, versionOf, type Client } from './clients.ts'
import type { Dice } from './dice.ts'

/** A decision before it has its id: ids are given in the order of time. */
export interface Draft {
  readonly at_ms: number
  readonly decision: Omit<DecisionInput, 'id' | 'decided_at'>
  /** The attack that caused it. */
  readonly attack?: string
}

/** Who asks, with what, from where. */
export interface Origin {
  readonly ip: string
  readonly user_agent: string
  readonly tls_fingerprint: string
  readonly device: { readonly id: string; readonly managed: boolean } | null
}

/** A session of somebody. */
export interface Session {
  readonly subject: { readonly type: 'user' | 'service'; readonly id: string }
  readonly id: string
  readonly since_ms: number
  readonly groups: readonly string[]
  readonly amr: readonly string[]
}

const RULES = 'b3c9d8e2f1a04756'

/** A client's part of an origin on a day. */
export function clientOf(client: Client, day: number): Pick<Origin, 'user_agent' | 'tls_fingerprint'> {
  const version = versionOf(client, day)
  return { user_agent: userAgent(client, version), tls_fingerprint: tlsFingerprint(client, version) }
}

export interface Said {
  readonly outcome: DecisionInput['outcome']
  readonly reasons: readonly Reason[]
}

export const PERMIT: Said = { outcome: 'permit', reasons: ['policy_permit'] }

/** An access to a resource. */
export function access(
  at_ms: number,
  session: Session,
  origin: Origin,
  resource: Resource,
  dice: Dice,
  { said = PERMIT, revision = RULES, bytes }: { said?: Said; revision?: string; bytes?: number } = {},
): Draft {
  const { path_template } = resource
  const id = `/${resource.app}${path_template.replace('{id}', String(Math.floor(dice.next() ** 2 * 400) + 1))}`
  const size = said.outcome === 'permit' ? Math.round(bytes ?? dice.lognormal(resource.bytes, 0.8)) : 900
  return {
    at_ms,
    decision: {
      ...commonOf(session, origin, said),
      policy: { revision, rule_id: `${resource.app}-${resource.sensitivity}` },
      action: { name: resource.method === 'GET' ? 'read' : 'write' },
      resource: {
        type: 'http',
        id,
        app: resource.app,
        path_template: `/${resource.app}${path_template}`,
        sensitivity: resource.sensitivity,
      },
      context: {
        ...contextOf(origin),
        http: {
          method: resource.method,
          path: id,
          status: said.outcome === 'permit' ? 200 : 403,
          bytes_out: size,
        },
      },
    },
  }
}

/** A step of signing in. */
export function signIn(
  at_ms: number,
  session: Omit<Session, 'id' | 'since_ms'> & { readonly id?: string; readonly since_ms?: number },
  origin: Origin,
  said: Said,
  path: '/login' | '/mfa' = '/login',
): Draft {
  const { id, since_ms } = session
  const permitted = said.outcome === 'permit'
  return {
    at_ms,
    decision: {
      ...commonOf(
        permitted && id !== undefined && since_ms !== undefined ? { ...session, id, since_ms } : session,
        origin,
        said,
      ),
      policy: { revision: RULES, rule_id: 'sign-in' },
      action: { name: path === '/mfa' ? 'sign_in_mfa' : 'sign_in' },
      resource: {
        type: 'http',
        id: `/idp${path}`,
        app: 'idp',
        path_template: `/idp${path}`,
        sensitivity: 'medium',
      },
      context: {
        ...contextOf(origin),
        http: { method: 'POST', path: `/idp${path}`, status: permitted ? 200 : 401 },
      },
    },
  }
}

function commonOf(
  session: Omit<Session, 'id' | 'since_ms'> & { readonly id?: string; readonly since_ms?: number },
  { device }: Origin,
  { outcome, reasons }: Said,
) {
  const { id, since_ms } = session
  return {
    schema_version: 1 as const,
    tenant: 'default',
    origin: 'live' as const,
    outcome,
    pep: { id: 'edge' },
    reasons: [...reasons],
    subject: {
      ...session.subject,
      groups: [...session.groups],
      ...(id === undefined || since_ms === undefined
        ? {}
        : { session_id: id, amr: [...session.amr], authenticated_at: new Date(since_ms).toISOString() }),
    },
    ...(device === null ? {} : { device: { ...device, posture: 'compliant' as const } }),
  }
}

function contextOf({ ip, user_agent, tls_fingerprint }: Origin) {
  return { ip, user_agent, tls_fingerprint }
}

import type { IncomingHttpHeaders } from 'node:http'
import { cookieOf } from '../../runtime/http/authenticate.ts'
import { SESSION_COOKIE } from '../proxy/headers.ts'
import type { RequestFacts } from '../proxy/request-facts.ts'
import type { BearerVerifier } from './bearer.ts'
import { ANONYMOUS, rejected } from './identity.ts'
import type { Identity } from './identity.ts'
import { identityOfSession } from './session-cookie.ts'
import type { Sessions } from './session-cookie.ts'

export interface IdentifyOptions {
  readonly sessions: Sessions
  readonly isLoggedOut: (session_id: string) => boolean
  /** Null: no OpenID provider is configured, so no token can be good. */
  readonly bearer: BearerVerifier | null
}

/** Name of the session cookie; the prefix makes browsers insist on TLS, one host and no Domain (RFC 6265bis section 4.1.3.2). */
export function cookieName(name: string, scheme: 'http' | 'https'): string {
  return scheme === 'https' ? `__Host-${name}` : name
}

/**
 * Who makes a request: a bearer token if one is shown (a bad one is not
 * forgiven because a good cookie is there too), else the session cookie, else
 * nobody. A session counts only at the host that it was made for.
 */
export function identifier({ sessions, isLoggedOut, bearer }: IdentifyOptions) {
  return async function identify(
    headers: IncomingHttpHeaders,
    facts: RequestFacts,
    now: number,
  ): Promise<Identity> {
    const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
    if (token !== undefined) return bearer === null ? rejected('token_invalid') : bearer(token, now)
    const cookie = cookieOf(headers.cookie, cookieName(SESSION_COOKIE, facts.scheme))
    if (cookie === undefined) return ANONYMOUS
    const session = await sessions.open(cookie, now)
    if (session === null || session.host !== facts.host) return rejected('session_expired')
    if (isLoggedOut(session.session_id)) return rejected('session_revoked')
    return identityOfSession(session)
  }
}

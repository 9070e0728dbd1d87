import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import * as client from 'openid-client'
import type { Logger } from 'pino'
import { canonicalPath } from '../../policy/path.ts'
import { cookieOf } from '../../runtime/http/authenticate.ts'
import { LOGIN_COOKIE, SESSION_COOKIE } from '../proxy/headers.ts'
import type { RequestFacts } from '../proxy/request-facts.ts'
import type { Answer } from '../proxy/respond.ts'
import { noticePage, redirect } from '../refusal/notice.ts'
import { explanationOf } from '../refusal/explain.ts'
import { identityFromClaims } from './claims.ts'
import type { ClaimNames } from './claims.ts'
import { clearCookie, setCookie } from './cookies.ts'
import { cookieName } from './identify.ts'
import { LoginState } from './login-state.ts'
import type { Logouts } from './logouts.ts'
import type { Provider } from './provider.ts'
import type { Sealer, Session, Sessions } from './session-cookie.ts'

export interface SignInOptions {
  readonly provider: Provider | null
  readonly sessions: Sessions
  readonly logins: Sealer
  readonly logouts: Logouts
  readonly session: { readonly lifetime: number; readonly login_lifetime: number }
  readonly scopes: readonly string[]
  readonly claims: ClaimNames
  readonly logger: Logger
  readonly now: () => number
  readonly counted: (result: 'ok' | 'failed' | 'too_weak' | 'unreachable') => void
}

interface Wanted {
  readonly acr?: string
  readonly max_age_s?: number
}

const CALLBACK = '/.gatewatch/callback'

/**
 * Signing in with OpenID Connect: authorization code flow with PKCE, state and
 * nonce (RFC 9700 section 2.1.1), at each application's own host, so that a
 * session cookie never leaves that host.
 */
export function signIn(options: SignInOptions) {
  const { provider, sessions, logins, now, logger } = options

  /** Sends the browser to the provider; it comes back to `return_to`. */
  async function begin(facts: RequestFacts, return_to: string, wanted: Wanted): Promise<Answer> {
    const configuration = (await provider?.ready()) ?? null
    if (configuration === null) return unreachable()
    const code_verifier = client.randomPKCECodeVerifier()
    // With max_age a provider must say when the person signed in (OpenID Connect Core section 3.1.2.1).
    const max_age_s = wanted.max_age_s ?? Math.floor(options.session.lifetime / 1000)
    const login: LoginState = {
      host: facts.host,
      state: client.randomState(),
      nonce: client.randomNonce(),
      code_verifier,
      return_to,
      ...(wanted.acr === undefined ? {} : { acr: wanted.acr }),
      max_age_s,
    }
    const sealed = await logins.seal(login, now() + options.session.login_lifetime)
    if (sealed === null) throw new RangeError('a login state is too long for its cookie')
    const location = client.buildAuthorizationUrl(configuration, {
      redirect_uri: `${originOf(facts)}${CALLBACK}`,
      scope: options.scopes.join(' '),
      state: login.state,
      nonce: login.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(code_verifier),
      code_challenge_method: 'S256',
      ...(wanted.acr === undefined ? {} : { acr_values: wanted.acr }),
      max_age: String(max_age_s),
    })
    const cookie = setCookie(loginCookie(login.state), sealed, facts.scheme, {
      path: CALLBACK,
      max_age_s: Math.floor(options.session.login_lifetime / 1000),
    })
    return redirect(location.href, [cookie])
  }

  /** Takes the provider's answer and makes a session of it. */
  async function finish(facts: RequestFacts, request: IncomingMessage): Promise<Answer> {
    const url = new URL(`${originOf(facts)}${CALLBACK}${facts.path?.query ?? ''}`)
    const name = loginCookie(url.searchParams.get('state') ?? '')
    const clear = clearCookie(name, facts.scheme, CALLBACK)
    const sealed = cookieOf(request.headers.cookie, name)
    const login = LoginState.safeParse(sealed === undefined ? null : await logins.open(sealed, now())).data
    if (login === undefined || login.host !== facts.host) {
      options.counted('failed')
      return noticePage(
        400,
        'This sign-in is over',
        'It took too long, or it was begun in another window. Open the application again.',
        [clear],
      )
    }
    const configuration = (await provider?.ready()) ?? null
    if (configuration === null) return unreachable()
    let claims: Readonly<Record<string, unknown>>
    try {
      claims = await exchange(configuration, url, login)
    } catch (error) {
      options.counted('failed')
      const down = error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')
      logger.warn({ err: error }, 'a sign-in failed')
      if (down) return unreachable()
      return noticePage(
        403,
        'Signing in did not work',
        'The identity provider refused, or its answer was not valid. Open the application again.',
        [clear],
      )
    }
    if (login.acr !== undefined && claims['acr'] !== login.acr) {
      // Sending the browser back would go round in circles: the provider did what it could.
      options.counted('too_weak')
      return noticePage(
        403,
        'A stronger sign-in is needed',
        'Your identity provider signed you in, but not with the method that this application asks for, such as a security key. Enrol one there and try again.',
        [clear],
      )
    }
    const session = sessionOf(claims, facts.host)
    const cookie = session === null ? null : await sessions.seal(session)
    if (session === null || cookie === null) {
      options.counted('failed')
      return noticePage(
        403,
        'Signing in did not work',
        'The identity provider did not say who you are in a form that fits. Ask whoever runs it to check the claims for subject and groups.',
        [clear],
      )
    }
    options.counted('ok')
    const kept = setCookie(cookieName(SESSION_COOKIE, facts.scheme), cookie, facts.scheme, {
      path: '/',
      max_age_s: Math.floor(options.session.lifetime / 1000),
    })
    return redirect(login.return_to, [clear, kept])
  }

  async function exchange(
    configuration: client.Configuration,
    url: URL,
    login: LoginState,
  ): Promise<Readonly<Record<string, unknown>>> {
    const tokens = await client.authorizationCodeGrant(configuration, url, {
      pkceCodeVerifier: login.code_verifier,
      expectedState: login.state,
      expectedNonce: login.nonce,
      idTokenExpected: true,
      maxAge: login.max_age_s,
    })
    const claims = tokens.claims()
    const { groups_claim, roles_claim } = options.claims
    const complete = claims !== undefined && (groups_claim in claims || roles_claim in claims)
    if (complete || configuration.serverMetadata().userinfo_endpoint === undefined) return { ...claims }
    // Providers may keep claims of scopes for the userinfo endpoint (OpenID Connect Core section 5.4).
    const info = await client.fetchUserInfo(configuration, tokens.access_token, claims?.sub ?? '')
    return { ...info, ...claims }
  }

  function sessionOf(claims: Readonly<Record<string, unknown>>, host: string): Session | null {
    const identity = identityFromClaims(claims, options.claims)
    if (identity.rejected || identity.type !== 'user') return null
    const { type, id, groups, roles, idp, acr, amr, authenticated_at_ms } = identity
    return {
      session_id: randomUUID(),
      host,
      type,
      id,
      groups: [...groups],
      roles: [...roles],
      idp: idp ?? '',
      amr: [...amr],
      ...(acr === undefined ? {} : { acr }),
      ...(authenticated_at_ms !== undefined ? { authenticated_at_ms } : {}),
      expires_at_ms: now() + options.session.lifetime,
    }
  }

  function unreachable(): Answer {
    options.counted('unreachable')
    const { title, what, help } = explanationOf(['identity_provider_unreachable'])
    return noticePage(
      503,
      title,
      `${what} ${help} Whoever runs the gateway should check that the provider is up and that gateway.oidc.issuer is right.`,
    )
  }

  return { begin, finish }
}

/** The state names the cookie, so that several sign-ins can be under way in one browser. */
function loginCookie(state: string): string {
  return `${LOGIN_COOKIE}_${state.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 12)}`
}

function originOf(facts: RequestFacts): string {
  return `${facts.scheme}://${facts.authority}`
}

/** Where to come back to: this very path and query, or the root when that does not fit. */
export function returnPath(path: string | null | undefined): string {
  const canonical = path === null || path === undefined ? null : canonicalPath(path)
  if (canonical === null || canonical.path.startsWith('/.gatewatch/')) return '/'
  const back = `${canonical.path}${canonical.query}`
  return back.length <= 1500 ? back : '/'
}

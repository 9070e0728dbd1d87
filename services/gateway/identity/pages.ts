import type { IncomingMessage } from 'node:http'
import type { CompiledPolicy } from '../../policy/compile.ts'
import { cookieOf } from '../../runtime/http/authenticate.ts'
import { DEVICE_COOKIE, SESSION_COOKIE } from '../proxy/headers.ts'
import type { RequestFacts } from '../proxy/request-facts.ts'
import type { Answer } from '../proxy/respond.ts'
import { noticePage } from '../refusal/notice.ts'
import { clearCookie, setCookie } from './cookies.ts'
import { cookieName } from './identify.ts'
import type { Sealer } from './session-cookie.ts'
import { returnPath, signIn } from './sign-in.ts'
import type { SignInOptions } from './sign-in.ts'

export interface PagesOptions extends SignInOptions {
  readonly policy: () => CompiledPolicy
  /** Seals device cookies (`gatewatch-device`) and opens enrolment codes (`gatewatch-enrolment`). */
  readonly devices: Sealer
  readonly enrolments: Sealer
}

const DEVICE_COOKIE_S = 365 * 86_400

/** The gateway's own pages, below `/.gatewatch/` of every host that the policy serves. */
export function gatewayPages(options: PagesOptions) {
  const { begin, finish } = signIn(options)

  async function answer(facts: RequestFacts, request: IncomingMessage): Promise<Answer> {
    const page = facts.path?.path.slice('/.gatewatch/'.length)
    if (!options.policy().routes.has(facts.host)) return notFound()
    const query = new URLSearchParams(facts.path?.query ?? '')
    if (page === 'callback' && facts.method === 'GET') return finish(facts, request)
    if (page === 'login' && facts.method === 'GET') {
      const fresh = query.get('fresh') === '1'
      return begin(facts, returnPath(query.get('to')), fresh ? { max_age_s: 0 } : {})
    }
    if (page === 'logout') return logout(facts, request)
    if (page === 'enrol' && facts.method === 'GET') return enrol(facts, query.get('code') ?? '')
    return notFound()
  }

  /** A link alone must not sign anybody out, so a page asks first. */
  async function logout(facts: RequestFacts, request: IncomingMessage): Promise<Answer> {
    if (facts.method === 'GET') {
      const form = { action: '/.gatewatch/logout', button: 'Sign out' }
      return noticePage(200, 'Sign out?', 'This ends your session at this application.', [], form)
    }
    if (facts.method !== 'POST') return notFound()
    const site = request.headers['sec-fetch-site']
    const origin = request.headers.origin
    const ours =
      site === undefined ? origin === `${facts.scheme}://${facts.authority}` : site === 'same-origin'
    if (!ours) return noticePage(403, 'Not signed out', 'Another site asked for it.')
    const name = cookieName(SESSION_COOKIE, facts.scheme)
    const cookie = cookieOf(request.headers.cookie, name)
    const session = cookie === undefined ? null : await options.sessions.open(cookie, options.now())
    if (session !== null) await options.logouts.add(session.session_id, session.expires_at_ms)
    return noticePage(200, 'You are signed out', 'Your session at this application has ended.', [
      clearCookie(name, facts.scheme, '/'),
    ])
  }

  /** Trades a short-lived code, made by an administrator, for the device's cookie. */
  async function enrol(facts: RequestFacts, code: string): Promise<Answer> {
    const opened = await options.enrolments.open(code, options.now())
    if (typeof opened !== 'object' || opened === null || !('device_id' in opened)) {
      return noticePage(403, 'Not enrolled', 'The code is wrong or too old. Ask for a new one.')
    }
    const end = options.now() + DEVICE_COOKIE_S * 1000
    const sealed = await options.devices.seal({ device_id: opened.device_id }, end)
    if (sealed === null) return noticePage(403, 'Not enrolled', 'The device id is too long.')
    const cookie = setCookie(cookieName(DEVICE_COOKIE, facts.scheme), sealed, facts.scheme, {
      path: '/',
      max_age_s: DEVICE_COOKIE_S,
    })
    return noticePage(200, 'This device is enrolled', 'You can close this page.', [cookie])
  }

  return {
    answer,
    /** Sends a browser that was refused for want of a sign-in to the provider. */
    begin: (facts: RequestFacts, stepUp: { acr?: string; max_age_s?: number } | undefined) =>
      begin(facts, returnPath(facts.target), stepUp ?? {}),
    /** Where the refusal page's button leads: always a new sign-in, since the old one was refused. */
    pathOf: (facts: RequestFacts) =>
      `/.gatewatch/login?fresh=1&to=${encodeURIComponent(returnPath(facts.target))}`,
  }
}

function notFound(): Answer {
  return noticePage(404, 'Nothing is here', 'The gateway has no page at this address.')
}

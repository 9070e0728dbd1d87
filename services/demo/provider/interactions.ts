import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { STEP_UP_ACR, asksForKey } from './acr.ts'
import type { Accounts } from './accounts.ts'
import { messagePage, securityKeyPage, signInPage } from './pages.ts'
import type { RecordSignIn } from './sign-in.ts'

const MAX_BODY_BYTES = 4096
const MAX_PENDING = 1000

export interface InteractionOptions {
  readonly provider: Provider
  readonly accounts: Accounts
  readonly guest: string
  readonly record: RecordSignIn
}

/**
 * The pages of an interaction: password, and the (simulated) security key
 * where the application asked for a step-up. Answers true when the request was
 * one of its own.
 */
export function interactions({ provider, accounts, guest, record }: InteractionOptions) {
  /** Who has given their password in an interaction that still waits for the key. */
  const passwordGiven = new Map<string, string>()

  return async function handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const [, uid, step] =
      /^\/interaction\/([\w-]{1,64})(?:\/(password|security-key))?$/.exec(request.url ?? '') ?? []
    if (uid === undefined) return false
    let details
    try {
      details = await provider.interactionDetails(request, response)
    } catch {
      send(
        response,
        400,
        messagePage(
          'Start again',
          'This sign-in has expired or belongs to another browser. Go back to the application.',
        ),
      )
      return true
    }
    const wantsKey = asksForKey(details.params)
    const signedIn =
      passwordGiven.get(uid) ??
      (details.prompt.reasons.includes('step_up') ? details.session?.accountId : undefined)
    const askPassword = (failed: boolean): void =>
      send(
        response,
        failed ? 401 : 200,
        signInPage({
          uid,
          hint: hintOf(details.params['login_hint']),
          failed,
          guest,
          guestPassword: accounts.passwordOf(guest),
        }),
      )
    const finish = async (accountId: string, withKey: boolean): Promise<void> => {
      passwordGiven.delete(uid)
      const login = withKey
        ? { accountId, acr: STEP_UP_ACR, amr: ['pwd', 'hwk'] }
        : { accountId, amr: ['pwd'] }
      await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
    }

    if (request.method !== 'POST' || step === undefined) {
      if (signedIn !== undefined && wantsKey) send(response, 200, securityKeyPage({ uid, account: signedIn }))
      else askPassword(false)
      return true
    }
    if (step === 'security-key') {
      if (signedIn === undefined || !wantsKey) askPassword(false)
      else await finish(signedIn, true)
      return true
    }
    const form = await readForm(request)
    const account = form.get('account')?.slice(0, 64) ?? ''
    const result = accounts.check(account, form.get('password') ?? '')
    await record({
      account,
      result,
      ip: clientOf(request),
      user_agent: (request.headers['user-agent'] ?? '').slice(0, 512),
      device: deviceOf(request),
    })
    if (result !== 'ok') askPassword(true)
    else if (wantsKey) {
      if (passwordGiven.size >= MAX_PENDING) passwordGiven.clear()
      passwordGiven.set(uid, account)
      send(response, 200, securityKeyPage({ uid, account }))
    } else await finish(account, false)
    return true
  }
}

/** The demo's people come through loopback and name their address, as through a load balancer. */
function clientOf(request: IncomingMessage): string {
  const forwarded = request.headers['x-forwarded-for']
  const first = typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined
  return first ?? request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1'
}

/** Of the proxy before it too: the provider believes what comes through loopback. */
function deviceOf(request: IncomingMessage): string {
  const named = request.headers['x-gatewatch-device']
  return typeof named === 'string' ? named.slice(0, 128) : ''
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return new URLSearchParams()
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    // No form-action: after a form the browser is sent on to the application, which it would forbid.
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })
  response.end(html)
}

function hintOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 64) : ''
}

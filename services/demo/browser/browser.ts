import type { Dispatcher } from 'undici'
import { CookieJar } from './cookie-jar.ts'

export interface Answer {
  readonly status: number
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface SignInAs {
  readonly account: string
  readonly password: string
  /** Whether this browser's user holds the account's security key. */
  readonly has_key: boolean
}

export interface BrowserOptions {
  readonly dispatcher: Dispatcher
  readonly jar?: CookieJar
}

/** Where a browser is and what it says it is; both change in a person's day. */
export interface From {
  readonly ip: string
  readonly user_agent: string
  /** The computer, as the company's network proved it on the way; absent: one that nobody knows. */
  readonly device?: string | null
}

const MAX_REDIRECTS = 12
const MAX_BODY_BYTES = 65_536

/**
 * A browser without a screen: it keeps cookies, follows redirects, and fills in
 * the provider's forms when it may sign in as somebody. Everything it does goes
 * over HTTP, as a person's browser would.
 */
export class Browser {
  readonly jar: CookieJar
  readonly #dispatcher: Dispatcher

  constructor({ dispatcher, jar = new CookieJar() }: BrowserOptions) {
    this.#dispatcher = dispatcher
    this.jar = jar
  }

  /** Opens a URL, and signs in on the way where `signIn` allows it; without it a sign-in page is the answer. */
  async open(
    url: string,
    from: From,
    options: { method?: 'GET' | 'POST'; signIn?: SignInAs } = {},
  ): Promise<Answer> {
    let answer = await this.#follow(url, from, options.method ?? 'GET')
    for (let step = 0; step < 3; step += 1) {
      const form = formOf(answer)
      const { signIn } = options
      if (!form || !signIn || answer.status === 401) return answer
      if (form.kind === 'security-key' && !signIn.has_key) return answer
      const body =
        form.kind === 'password'
          ? new URLSearchParams({ account: signIn.account, password: signIn.password }).toString()
          : ''
      answer = await this.#follow(form.action, from, 'POST', body)
    }
    return answer
  }

  /** Opens a stream (server-sent events) and says when it ends; the caller aborts it. */
  async stream(url: string, from: From, signal: AbortSignal, ended: (atMs: number) => void): Promise<number> {
    const response = await this.#send(url, from, 'GET', undefined, signal)
    if (response.statusCode === 200) {
      void (async () => {
        try {
          for await (const _chunk of response.body);
        } catch {
          // Cut off: that is an end too.
        }
        ended(Date.now())
      })()
    } else await drain(response)
    return response.statusCode
  }

  async #follow(start: string, from: From, firstMethod: 'GET' | 'POST', firstBody?: string): Promise<Answer> {
    let url = start
    let method = firstMethod
    let body = firstBody
    for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
      const response = await this.#send(url, from, method, body)
      const text = await drain(response)
      const location = response.headers['location']
      if (response.statusCode < 300 || response.statusCode >= 400 || typeof location !== 'string')
        return { status: response.statusCode, url, body: text, headers: response.headers }
      url = new URL(location, url).href
      method = 'GET'
      body = undefined
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from ${new URL(start).host}`)
  }

  async #send(
    url: string,
    from: From,
    method: 'GET' | 'POST',
    body?: string,
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { origin, hostname, pathname, search } = new URL(url)
    const cookie = this.jar.header(hostname)
    const response = await this.#dispatcher.request({
      origin,
      path: pathname + search,
      method,
      headers: {
        accept: 'text/html,application/xhtml+xml',
        'user-agent': from.user_agent,
        'x-forwarded-for': from.ip,
        ...(typeof from.device !== 'string' ? {} : { 'x-gatewatch-device': from.device }),
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : { headersTimeout: 10_000, bodyTimeout: 10_000 }),
    })
    const set = response.headers['set-cookie']
    if (set !== undefined) this.jar.store(hostname, Array.isArray(set) ? set : [set])
    return response
  }
}

/** The provider's form on a page, if that is what the answer is. */
function formOf(answer: Answer): { kind: 'password' | 'security-key'; action: string } | null {
  const action = /<form method="post" action="(\/interaction\/[\w-]+\/(password|security-key))"/.exec(
    answer.body,
  )
  const kind = action?.[2]
  if (!action?.[1] || (kind !== 'password' && kind !== 'security-key')) return null
  return { kind, action: new URL(action[1], answer.url).href }
}

async function drain(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

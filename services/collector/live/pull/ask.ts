/** The largest page. */
const MAX_BODY_BYTES = 33_554_432
const ANSWER_WITHIN_MS = 30_000

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

/** An API refused, in a way that a pause may or may not mend. */
export class ApiRefusal extends Error {
  readonly status: number

  constructor(status: number) {
    super(`the API answered ${status}`)
    this.status = status
  }
}

/**
 * One request. Redirections are not followed, since a credential goes with it;
 * no more than 32 MiB are read.
 */
export async function ask(url: URL, init: RequestInit, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url, {
    ...init,
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
  })
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    if (!(part instanceof Uint8Array)) continue
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) throw new Error('the answer is longer than 32 MiB')
    parts.push(part)
  }
  return { status: response.status, headers: response.headers, body: Buffer.concat(parts) }
}

/** The target of a `Link` with `rel="next"` (RFC 8288); null: there is none. */
export function nextLink(headers: Headers): string | null {
  for (const link of (headers.get('link') ?? '').split(/,\s*(?=<)/)) {
    const match = /^<([^>]*)>\s*;(.*)$/s.exec(link.trim())
    if (match !== null && /(^|;)\s*rel\s*=\s*"?next"?\s*(;|$)/.test(match[2] ?? '')) return match[1] ?? null
  }
  return null
}

/** A page's own word for where the next one is, taken only if it is at the same origin: the token goes there. */
export function sameOrigin(link: string, base: string): URL {
  const url = new URL(link, base)
  if (url.origin !== new URL(base).origin) throw new Error('the API points to another origin')
  return url
}

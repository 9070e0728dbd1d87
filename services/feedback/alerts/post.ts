export interface Posted {
  readonly status: number
  readonly retry_after: string | null
}

/** An answer is looked at by its status; of its body nothing is read. */
export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Posted | Error> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'user-agent': 'gatewatch', ...headers },
      // Only addresses that the configuration names: a receiver must not send us elsewhere (SSRF).
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.body?.cancel()
    return { status: response.status, retry_after: response.headers.get('retry-after') }
  } catch (error) {
    return error instanceof Error ? error : new Error('the request failed')
  }
}

/** Why an attempt failed, without the address, which may hold a secret. */
export function reasonOf(error: Error): string {
  const cause = error.cause
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return error.name
}

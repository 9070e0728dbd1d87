const MAX_WAIT_MS = 3_600_000
/** Where the API says only that it is too much. */
const DEFAULT_WAIT_MS = 30_000
const JITTER_MS = 2_000

/**
 * How long to wait before the next request, in ms: after a 429 or 503 as long
 * as `Retry-After` (RFC 9110, section 10.2.3) or Okta's `X-Rate-Limit-Reset` says;
 * after any answer until the reset, if it was the last request of the window.
 * A random part is added, so that several clients do not come back at once.
 */
export function rateLimitWait(
  { status, headers }: { readonly status: number; readonly headers: Headers },
  nowMs: number,
  random: () => number,
): number {
  const refused = status === 429 || status === 503
  const remaining = headers.get('x-rate-limit-remaining')
  if (!refused && (remaining === null || Number(remaining) > 0)) return 0
  const wait = waitOf(headers, nowMs) ?? (refused ? DEFAULT_WAIT_MS : 0)
  return wait === 0 ? 0 : Math.min(MAX_WAIT_MS, wait) + Math.round(random() * JITTER_MS)
}

function waitOf(headers: Headers, nowMs: number): number | null {
  const after = headers.get('retry-after')
  if (after !== null && /^\d{1,9}$/.test(after)) return Number(after) * 1000
  const until = after === null ? Number(headers.get('x-rate-limit-reset') ?? NaN) * 1000 : Date.parse(after)
  return Number.isFinite(until) ? Math.max(0, until - nowMs) : null
}

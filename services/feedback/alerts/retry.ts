const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Pauses after each failure, as Standard Webhooks 1.0.0 suggests: ten attempts over three days. */
const WEBHOOK_PAUSES_MS = [
  5000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
] as const

/** A day and more of one attempt a minute. */
const ALERTMANAGER_ATTEMPTS = 2000

/** The pause with up to a fifth more, so that many deliveries that failed together don't return together. */
function jittered(ms: number, random: () => number): number {
  return Math.round(ms * (1 + 0.2 * random()))
}

export function webhookRetry(failures: number, random: () => number): number | null {
  const pause = WEBHOOK_PAUSES_MS[failures - 1]
  return pause === undefined ? null : jittered(pause, random)
}

/** Doubles from a second to a minute: an Alertmanager is near, and a page must not wait for hours. */
export function alertmanagerRetry(failures: number, random: () => number): number | null {
  if (failures > ALERTMANAGER_ATTEMPTS) return null
  return jittered(Math.min(1000 * 2 ** Math.min(failures - 1, 10), MINUTE_MS), random)
}

/** `Retry-After` in ms (RFC 9110, section 10.2.3: seconds or a date), at most a day; null when it says nothing. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null
  const text = header.trim()
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 24 * HOUR_MS) : null
}

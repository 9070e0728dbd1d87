import { hash } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { Alert } from '../../../schemas/alert.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { storyUrl } from './link.ts'
import { post, reasonOf } from './post.ts'
import type { Receiver } from './receiver.ts'
import { retryAfterMs, webhookRetry } from './retry.ts'

export interface WebhookOptions {
  readonly name: string
  readonly url: string
  /** One signing secret, or two while it is being changed. */
  readonly secrets: readonly string[]
  readonly timeout_ms: number
  readonly console_url: string | undefined
  readonly random: () => number
  readonly now: () => number
}

/**
 * A webhook signed as Standard Webhooks 1.0.0 says.
 *
 * `webhook-id` is the alert and its revision, so every attempt to deliver one
 * change has the same, and a receiver that has seen it can pass it over. 2xx
 * is success; 410 ends it for good; all else, redirects included, is tried
 * again.
 */
export function webhook(options: WebhookOptions): Receiver {
  const signers = options.secrets.map((secret) => signerOf(secret, options.name))
  return {
    id: `webhook-${options.name}-${hash('sha256', options.url, 'hex').slice(0, 8)}`,
    name: `webhook-${options.name}`,
    resend_ms: null,
    retryAfter: (failures) => webhookRetry(failures, options.random),
    async deliver(alert) {
      const id = `${alert.id}-${alert.revision}`
      const body = webhookBody(alert, options.console_url)
      const at = new Date(options.now())
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signers.map((signer) => signer.sign(id, at, body)).join(' '),
      }
      const posted = await post(options.url, body, headers, options.timeout_ms)
      if (posted instanceof Error) return { kind: 'retry', detail: reasonOf(posted), after_ms: null }
      const detail = `status ${posted.status}`
      if (posted.status >= 200 && posted.status < 300) return { kind: 'delivered' }
      if (posted.status === 410) return { kind: 'gone', detail }
      return { kind: 'retry', detail, after_ms: retryAfterMs(posted.retry_after, options.now()) }
    },
  }
}

/** `{type, timestamp, data}`, under 20 kB; the same bytes at every attempt. */
export function webhookBody(alert: Alert, consoleUrl: string | undefined): string {
  const what = alert.state === 'resolved' ? 'resolved' : alert.revision === 1 ? 'opened' : 'updated'
  const url = storyUrl(alert, consoleUrl)
  return JSON.stringify({
    type: `${alert.kind}.${what}`,
    timestamp: alert.updated_at,
    data: { ...alert, ...(url === undefined ? {} : { url }) },
  })
}

/** 24 to 64 bytes, as the specification asks; said at the start, not at the first alert. */
function signerOf(secret: string, name: string): Webhook {
  const text = secret.startsWith('whsec_') ? secret.slice(6) : ''
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64').length : 0
  if (bytes < 24 || bytes > 64)
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `The secret file of webhook ${name} must hold whsec_ and base64 of 24 to 64 bytes, or two such, one a line.`,
    )
  return new Webhook(secret)
}

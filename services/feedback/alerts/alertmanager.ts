import { hash } from 'node:crypto'
import type { Alert } from '../../../schemas/alert.ts'
import { entityKey } from '../../../schemas/entity.ts'
import { storyUrl } from './link.ts'
import { plainText } from './plain-text.ts'
import { post, reasonOf } from './post.ts'
import type { DeliveryResult, Receiver } from './receiver.ts'
import { alertmanagerRetry, retryAfterMs } from './retry.ts'

export interface AlertmanagerOptions {
  /** Base address of one replica. */
  readonly url: string
  readonly resend_ms: number
  readonly hold_ms: number
  readonly timeout_ms: number
  readonly console_url: string | undefined
  /** The least severity that is ever sent. */
  readonly lowest: Alert['severity']
  readonly random: () => number
}

const SEVERITIES = ['info', 'warning', 'critical'] as const
const NAMES = {
  story: 'GatewatchStory',
  circuit_breaker: 'GatewatchCircuitBreaker',
  break_glass: 'GatewatchBreakGlassUse',
  integrity: 'GatewatchIntegrity',
  spool: 'GatewatchSpoolFilling',
  state: 'GatewatchStateUnreadable',
  source: 'GatewatchSourceSilent',
} as const
/** How long a story that ended while Alertmanager was away is shown, so that somebody hears of it. */
const LATE_MS = 300_000

/**
 * One Alertmanager replica, by its API v2.
 *
 * An alert's identity there is the set of its labels: they never change while
 * the story lasts, but for `severity`; when that rises, the alert under the
 * lower one is resolved. Everything else is in annotations, and the whole is
 * sent each time, since a post replaces what was known. One alert a post: a
 * batch with one bad alert answers 400 and takes the others.
 */
export function alertmanager(options: AlertmanagerOptions): Receiver {
  const endpoint = `${options.url.replace(/\/+$/, '')}/api/v2/alerts`

  async function send(body: AlertmanagerAlert): Promise<DeliveryResult> {
    const posted = await post(endpoint, JSON.stringify([body]), {}, options.timeout_ms)
    if (posted instanceof Error) return { kind: 'retry', detail: reasonOf(posted), after_ms: null }
    if (posted.status >= 200 && posted.status < 300) return { kind: 'delivered' }
    const detail = `status ${posted.status}`
    if (posted.status === 400 || posted.status === 422) return { kind: 'refused', detail }
    return { kind: 'retry', detail, after_ms: retryAfterMs(posted.retry_after, Date.now()) }
  }

  return {
    id: `alertmanager-${hash('sha256', options.url, 'hex').slice(0, 8)}`,
    name: 'alertmanager',
    resend_ms: options.resend_ms,
    retryAfter: (failures) => alertmanagerRetry(failures, options.random),
    async deliver(alert, first, nowMs) {
      const over = alert.state === 'resolved'
      const endsMs = !over ? nowMs + options.hold_ms : first ? nowMs + LATE_MS : nowMs
      for (const lower of SEVERITIES.slice(
        SEVERITIES.indexOf(options.lowest),
        SEVERITIES.indexOf(alert.severity),
      )) {
        if (first) break
        const result = await send(
          alertmanagerAlert({ ...alert, severity: lower }, nowMs, options.console_url),
        )
        if (result.kind !== 'delivered') return result
      }
      return send(alertmanagerAlert(alert, endsMs, options.console_url))
    },
  }
}

interface AlertmanagerAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL?: string
}

/** The alert as `POST /api/v2/alerts` wants it (openapi.yaml, postableAlert). */
export function alertmanagerAlert(
  alert: Alert,
  endsMs: number,
  consoleUrl: string | undefined,
): AlertmanagerAlert {
  const url = storyUrl(alert, consoleUrl)
  // The log's clock and Alertmanager's may differ: endsAt before startsAt is refused.
  const startsMs = Math.min(Date.parse(alert.opened_at), endsMs)
  return {
    labels: {
      alertname: NAMES[alert.kind],
      service: 'gatewatch',
      tenant: alert.tenant,
      severity: alert.severity,
      alert_id: alert.id,
      ...(alert.entity ? { principal: plainText(entityKey('', alert.entity).slice(1), 256) } : {}),
    },
    annotations: {
      summary: plainText(alert.summary, 512),
      description: plainText(alert.description, 2000),
      advice: alert.advice,
      risk_level: alert.risk_level,
      response: alert.response,
      causes: alert.causes.join(', '),
      detectors: alert.detectors.join(', '),
      findings_total: String(alert.findings_total),
      entities_total: String(alert.entities_total),
      ...(alert.story_id === null ? {} : { story_id: alert.story_id }),
      ...(alert.decision_id === null ? {} : { decision_id: alert.decision_id }),
      ...(url === undefined ? {} : { story_url: url }),
    },
    startsAt: new Date(startsMs).toISOString(),
    endsAt: new Date(endsMs).toISOString(),
    ...(url === undefined ? {} : { generatorURL: url }),
  }
}

import type { Logger } from 'pino'
import type { Alert, AlertDelivery } from '../../../schemas/alert.ts'
import type { Running } from '../../runtime/runtime.ts'
import { within } from '../../runtime/within.ts'
import type { FeedbackMetrics } from '../metrics.ts'
import type { Outbox } from './outbox.ts'
import type { Receiver } from './receiver.ts'

/** A lane looks again at least this often, whatever it believes to be due. */
const LOOK_AGAIN_MS = 60_000
/** How soon a process that stood by speaks after it has the ledger. */
const STAND_BY_MS = 500
/** How long a post waits for a look at what the log holds. A log that is away keeps nobody from being told. */
const LOOK_FIRST_MS = 1_000
/** A resolved alert that everybody has heard of is kept this long. */
const KEEP_RESOLVED_MS = 3_600_000

export interface DispatcherOptions {
  readonly outbox: Outbox
  readonly receivers: readonly Receiver[]
  readonly logger: Logger
  readonly metrics: FeedbackMetrics
  readonly now: () => number
  /** Whether this process has the ledger: of several, it alone speaks. Default: it has. */
  readonly leads?: () => boolean
}

/**
 * Brings every receiver up to date with the outbox: at least once, one post at
 * a time, each receiver in its own lane, so that one that is down holds up
 * nobody. First the post, then the record that it was taken: a crash between
 * the two posts the same change again under the same name, and loses none.
 */
export function startDispatcher(options: DispatcherOptions): Running {
  const { outbox, receivers, logger, metrics, now, leads = () => true } = options
  const stopping = new AbortController()
  const lanes = receivers.map(runLane)
  const tidying = setInterval(() => void tidy(), LOOK_AGAIN_MS)

  async function runLane(receiver: Receiver): Promise<void> {
    const sentAt = new Map<string, number>()
    while (!stopping.signal.aborted) {
      if (!leads()) {
        await outbox.changed(STAND_BY_MS, stopping.signal)
        continue
      }
      const next = nextDue(outbox, receiver, sentAt, now())
      if (next === null || next.at_ms > now()) {
        await outbox.changed(
          Math.min(LOOK_AGAIN_MS, next === null ? LOOK_AGAIN_MS : next.at_ms - now()),
          stopping.signal,
        )
        continue
      }
      // Whoever slept, or stood by, has an old picture: another may have told it meanwhile.
      await within(
        outbox.caughtUp().catch(() => {}),
        LOOK_FIRST_MS,
      )
      const due = nextDue(outbox, receiver, sentAt, now())
      if (!leads() || due === null || due.at_ms > now()) continue
      try {
        await deliver(receiver, due.alert)
      } catch (error) {
        // The log could not take the record. The post is repeated, with the same name.
        logger.warn({ err: error, receiver: receiver.name }, 'a delivery could not be written down')
        await outbox.changed(1000, stopping.signal)
      }
      sentAt.set(due.alert.id, now())
      if (sentAt.size > 2 * outbox.alerts.size + 100) sentAt.clear()
    }
  }

  async function deliver(receiver: Receiver, alert: Alert): Promise<void> {
    const before = outbox.delivery(alert, receiver.id)
    const delivered = before?.delivered_revision ?? 0
    const result = await receiver.deliver(alert, delivered === 0, now())
    metrics.deliveries.inc({ receiver: receiver.name, outcome: result.kind })
    // A repetition of what is known changes nothing in the books, whatever became of it.
    if (delivered >= alert.revision) return
    const failures = before?.revision === alert.revision ? before.attempts + 1 : 1
    const record = {
      schema_version: 1 as const,
      tenant: alert.tenant,
      alert_id: alert.id,
      receiver: receiver.id,
      delivered_revision: delivered,
      revision: alert.revision,
      attempts: failures,
      next_attempt_at: null,
      updated_at: new Date(now()).toISOString(),
    }
    const handle = { alert_id: alert.id, receiver: receiver.name }
    if (result.kind === 'delivered') {
      await outbox.note({ ...record, delivered_revision: alert.revision, outcome: 'delivered' })
      return
    }
    const pause = result.kind === 'retry' ? receiver.retryAfter(failures) : null
    if (result.kind === 'retry' && pause !== null) {
      const atMs = now() + Math.max(pause, result.after_ms ?? 0)
      logger.warn({ ...handle, detail: result.detail, failures }, 'an alert was not taken; it is tried again')
      await outbox.note({ ...record, next_attempt_at: new Date(atMs).toISOString(), outcome: 'retrying' })
      return
    }
    logger.error({ ...handle, detail: result.detail, failures }, 'an alert could not be delivered')
    await outbox.note({ ...record, outcome: result.kind === 'gone' ? 'disabled' : 'given_up' })
  }

  async function tidy(): Promise<void> {
    if (!leads()) return
    try {
      // An alert that was resolved when this process fell asleep may be firing again.
      await outbox.caughtUp()
      const done = [...outbox.alerts.values()].filter(
        (alert) =>
          alert.resolved_at !== null &&
          Date.parse(alert.resolved_at) + KEEP_RESOLVED_MS <= now() &&
          receivers.every((receiver) => settled(alert, outbox, receiver)),
      )
      await outbox.remove(done)
    } catch (error) {
      logger.warn({ err: error }, 'old alerts could not be removed; tried again in a minute')
    }
  }

  return {
    async stop() {
      clearInterval(tidying)
      stopping.abort()
      await Promise.all(lanes)
    },
  }
}

interface NextDelivery {
  readonly alert: Alert
  readonly at_ms: number
}

/** What a receiver should hear next, and when; the earliest due first. */
function nextDue(
  outbox: Outbox,
  receiver: Receiver,
  sentAt: ReadonlyMap<string, number>,
  nowMs: number,
): NextDelivery | null {
  if (outbox.disabled(receiver.id)) return null
  let next: NextDelivery | null = null
  for (const alert of outbox.alerts.values()) {
    const at_ms = dueAt(alert, outbox.delivery(alert, receiver.id), receiver, sentAt.get(alert.id), nowMs)
    if (at_ms !== null && (next === null || at_ms < next.at_ms)) next = { alert, at_ms }
  }
  return next
}

function dueAt(
  alert: Alert,
  delivery: AlertDelivery | undefined,
  receiver: Receiver,
  sentMs: number | undefined,
  nowMs: number,
): number | null {
  if (delivery === undefined || delivery.revision < alert.revision) return nowMs
  if (delivery.outcome === 'retrying')
    return delivery.next_attempt_at === null ? nowMs : Date.parse(delivery.next_attempt_at)
  if (delivery.outcome !== 'delivered' || receiver.resend_ms === null || alert.state === 'resolved')
    return null
  return (sentMs ?? 0) + receiver.resend_ms
}

function settled(alert: Alert, outbox: Outbox, receiver: Receiver): boolean {
  if (outbox.disabled(receiver.id)) return true
  const delivery = outbox.delivery(alert, receiver.id)
  return delivery !== undefined && delivery.revision >= alert.revision && delivery.outcome !== 'retrying'
}

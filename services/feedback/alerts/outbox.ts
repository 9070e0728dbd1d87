import { Alert, AlertDelivery } from '../../../schemas/alert.ts'
import { alertsDeliveries, alertsOutbox } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../runtime/log/json-record.ts'

/** The durable outbox: what receivers should know, and how far each has come. Both live in the event log. */
export interface Outbox {
  /** By `<tenant>/<alert>`. */
  readonly alerts: ReadonlyMap<string, Alert>
  delivery(alert: Alert, receiver: string): AlertDelivery | undefined
  /** Whether a receiver has said that it wants nothing more. */
  disabled(receiver: string): boolean
  /** Writes down how a delivery went. */
  note(delivery: AlertDelivery): Promise<void>
  /** Removes alerts that everybody has heard the last of. */
  remove(alerts: readonly Alert[]): Promise<void>
  /** Resolves when it shows what the log holds at the call: whoever slept has an old picture. */
  caughtUp(): Promise<void>
  /** Resolves at the next change of an alert, after `ms`, or when stopping. */
  changed(ms: number, stopping: AbortSignal): Promise<void>
  close(): Promise<void>
}

export async function openOutbox(eventLog: EventLog): Promise<Outbox> {
  const [alertTable, deliveryTable] = await Promise.all([
    eventLog.openTable(alertsOutbox),
    eventLog.openTable(alertsDeliveries),
  ])
  const alerts = new Map<string, Alert>()
  const deliveries = new Map<string, AlertDelivery>()
  const disabled = new Set<string>()
  const waiting = new Set<() => void>()

  function takeAlert(key: string, value: Uint8Array | undefined): void {
    const alert = value === undefined ? undefined : readRecord(Alert, { value })
    if (alert) alerts.set(key, alert)
    else alerts.delete(key)
    for (const wake of waiting) wake()
  }

  function takeDelivery(key: string, value: Uint8Array | undefined): void {
    const delivery = value === undefined ? undefined : readRecord(AlertDelivery, { value })
    if (delivery?.outcome === 'disabled') disabled.add(delivery.receiver)
    if (!delivery) deliveries.delete(key)
    else if (!isOlder(delivery, deliveries.get(key))) deliveries.set(key, delivery)
  }

  await Promise.all([alertTable.caughtUp(), deliveryTable.caughtUp()])
  const stopAlerts = alertTable.follow(takeAlert)
  // Also what others note: who stood by and speaks now must not tell again what they told.
  const stopDeliveries = deliveryTable.follow(takeDelivery)
  for (const [key, value] of alertTable.entries()) takeAlert(key, value)
  for (const [key, value] of deliveryTable.entries()) takeDelivery(key, value)

  return {
    alerts,
    delivery: (alert, receiver) => deliveries.get(`${alert.tenant}/${alert.id}/${receiver}`),
    disabled: (receiver) => disabled.has(receiver),
    async note(delivery) {
      await eventLog.append([jsonRecord(alertsDeliveries, delivery)])
      deliveries.set(alertsDeliveries.key(delivery), delivery)
      if (delivery.outcome === 'disabled') disabled.add(delivery.receiver)
    },
    async remove(gone) {
      if (gone.length === 0) return
      const prefixes = gone.map((alert) => `${alert.tenant}/${alert.id}/`)
      // That a receiver is gone for good must outlive the alert that it said so about.
      const keys = [...deliveries]
        .filter(([key, d]) => d.outcome !== 'disabled' && prefixes.some((prefix) => key.startsWith(prefix)))
        .map(([key]) => key)
      await eventLog.append([
        ...gone.map((alert) => ({ topic: alertsOutbox, key: alertsOutbox.key(alert), value: null })),
        ...keys.map((key) => ({ topic: alertsDeliveries, key, value: null })),
      ])
      for (const key of keys) deliveries.delete(key)
    },
    async caughtUp() {
      await Promise.all([alertTable.caughtUp(), deliveryTable.caughtUp()])
    },
    changed: (ms, stopping) =>
      new Promise((resolve) => {
        if (stopping.aborted) {
          resolve()
          return
        }
        const done = () => {
          clearTimeout(timer)
          waiting.delete(done)
          stopping.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, Math.max(ms, 1))
        waiting.add(done)
        stopping.addEventListener('abort', done)
      }),
    async close() {
      stopAlerts()
      stopDeliveries()
      await Promise.all([alertTable.close(), deliveryTable.close()])
    },
  }
}

/** Own notes come back from the log, the one before the last too; each has a later revision or one try more. */
function isOlder(delivery: AlertDelivery, known: AlertDelivery | undefined): boolean {
  if (known === undefined || delivery.revision !== known.revision)
    return known !== undefined && delivery.revision < known.revision
  return delivery.attempts < known.attempts
}

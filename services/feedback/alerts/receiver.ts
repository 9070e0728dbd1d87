import type { Alert } from '../../../schemas/alert.ts'

/** What became of one attempt. */
export type DeliveryResult =
  | { readonly kind: 'delivered' }
  /** It may go better later; `after_ms` is what the receiver asked for. */
  | { readonly kind: 'retry'; readonly detail: string; readonly after_ms: number | null }
  /** It never will: the receiver does not understand this alert. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** The receiver wants nothing more, ever (410). */
  | { readonly kind: 'gone'; readonly detail: string }

/** Somewhere alerts go. A delivery may come twice (at least once), so it names itself the same way each time. */
export interface Receiver {
  /** The configured name and a hash of the address. */
  readonly id: string
  /** Metric label, from the configuration. */
  readonly name: string
  /** An open alert is sent again this often; null: once is enough. */
  readonly resend_ms: number | null
  /** `first`: nothing of this alert has been delivered yet. */
  deliver(alert: Alert, first: boolean, nowMs: number): Promise<DeliveryResult>
  /** How long to wait after the given number of failures; null: give up. */
  retryAfter(failures: number): number | null
}

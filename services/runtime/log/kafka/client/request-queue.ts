import { createRequire } from 'node:module'

/** What we use of kafkajs's own module. */
interface RequestQueue {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests: (this: RequestQueue) => void
}

const quieted = new WeakSet<object>()

/**
 * kafkajs 2.2.4 keeps a timer of 1 ms running on every connection once a
 * request was answered, though nothing waits (its delay comes out negative,
 * which Node 24 also warns of): a few per cent of a core for a handful of
 * connections. The timer is needed only while requests are pending. Patches the
 * class once a process.
 */
export function quietRequestQueues(): void {
  const { prototype }: { readonly prototype: RequestQueue } = createRequire(import.meta.url)(
    'kafkajs/src/network/requestQueue',
  )
  if (quieted.has(prototype)) return
  quieted.add(prototype)
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this)
  }
}

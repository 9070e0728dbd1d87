import type { Logger } from 'pino'
import { requestsAnHour } from '../people/activity.ts'
import { isWorking } from '../people/day.ts'
import type { Random } from '../random.ts'
import type { Worker } from './worker.ts'

export interface Traffic {
  /** Requests made and requests that failed on the way (no answer from the gateway). */
  readonly counts: { requests: number; failed: number }
  atWork(nowMs: number): Worker[]
  stop(): Promise<void>
}

const MAX_UNDER_WAY = 16
const TICK_MS = 200
const HOUR_MS = 3_600_000
/** A process that was held up for longer does not make up for it: that would be a burst. */
const MOST_LATE_MS = 2000

/** Lets the people work, each as often as they always did at this time of their day. */
export function startTraffic(
  workers: readonly Worker[],
  options: { readonly requests_an_hour: number; readonly random: Random; readonly logger: Logger },
): Traffic {
  const counts = { requests: 0, failed: 0 }
  const underWay = new Set<Promise<void>>()
  let stopped = false
  let lastTick = Date.now()

  const atWork = (nowMs: number): Worker[] => workers.filter((worker) => isWorking(worker.person, nowMs))

  function tick(): void {
    const now = Date.now()
    const passed = Math.min(MOST_LATE_MS, Math.max(0, now - lastTick))
    lastTick = now
    for (const worker of workers) {
      const expected = (requestsAnHour(worker.person, now, options.requests_an_hour) * passed) / HOUR_MS
      // Who does something already, or finds too many at it, does it never; at these rates that is rare.
      if (options.random.next() >= expected || worker.busy() || underWay.size >= MAX_UNDER_WAY) continue
      const request = work(worker, now)
      underWay.add(request)
      void request.finally(() => underWay.delete(request))
    }
  }

  async function work(worker: Worker, now: number): Promise<void> {
    try {
      await worker.act(now)
      counts.requests += 1
    } catch (error) {
      counts.failed += 1
      if (!stopped) options.logger.warn({ err: error }, "a person's request got no answer")
    }
  }

  const timer = setInterval(tick, TICK_MS)
  return {
    counts,
    atWork,
    async stop() {
      stopped = true
      clearInterval(timer)
      await Promise.all(underWay)
    },
  }
}

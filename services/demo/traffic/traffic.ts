import type { Logger } from 'pino'
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

/** Lets the people work: at each tick somebody whose day it is does the next thing. */
export function startTraffic(
  workers: readonly Worker[],
  options: { readonly requests_per_second: number; readonly random: Random; readonly logger: Logger },
): Traffic {
  const counts = { requests: 0, failed: 0 }
  const underWay = new Set<Promise<void>>()
  let stopped = false

  const atWork = (nowMs: number): Worker[] => workers.filter((worker) => isWorking(worker.person, nowMs))

  function tick(): void {
    if (underWay.size >= MAX_UNDER_WAY) return
    const now = Date.now()
    const free = atWork(now).filter((worker) => !worker.busy())
    if (free.length === 0) return
    const request = work(options.random.pick(free), now)
    underWay.add(request)
    void request.finally(() => underWay.delete(request))
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

  const timer = setInterval(tick, 1000 / options.requests_per_second)
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

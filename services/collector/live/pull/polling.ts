import { setTimeout as pause } from 'node:timers/promises'
import { loopSource } from '../loop-source.ts'
import type { RunningSource, SourceContext } from '../source.ts'
import { rateLimitWait } from './rate-limit.ts'
import { ApiRefusal, ask, type Answer } from './ask.ts'

export interface Poll {
  /** One request with its credential; waits where the API's limits say so, and asks again after a 429 or 503. */
  get(url: URL, authorization: string): Promise<Answer>
  readonly signal: AbortSignal
}

/**
 * Looks again and again: `look` resolves when everything that the API has is in
 * the log. A look that fails ends the source, which is begun anew after a pause.
 */
export function startPolling(
  { now, logger }: SourceContext,
  poll_ms: number,
  look: (poll: Poll) => Promise<void>,
): RunningSource {
  let caughtUp: number | null = null

  async function get(url: URL, authorization: string, signal: AbortSignal): Promise<Answer> {
    for (;;) {
      const headers = { authorization, accept: 'application/json' }
      const answer = await ask(url, { headers }, signal)
      const wait = rateLimitWait(answer, now(), Math.random)
      if (wait > 0) {
        logger.info({ status: answer.status, wait_ms: wait }, 'the API limits us: waiting')
        await pause(wait, undefined, { signal })
      }
      if (answer.status === 200) return answer
      if (wait === 0) throw new ApiRefusal(answer.status)
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await look({ get: (url, authorization) => get(url, authorization, signal), signal })
      caughtUp = now()
      // Never the same pause twice, so that many sources spread over time.
      await pause(poll_ms * (0.9 + Math.random() / 5), undefined, { signal })
    }
  }
  return loopSource(run, () => caughtUp)
}

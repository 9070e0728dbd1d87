import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { within } from '../../runtime/within.ts'
import { openIntake, type Intake, type IntakeOptions } from './intake.ts'
import type { RunningSource, StartSource } from './source.ts'

const RETRY_MIN_MS = 1000
const RETRY_MAX_MS = 60_000
/** So long without a fault, and the next one is the first again. */
const CALM_MS = 60_000
const STOP_WITHIN_MS = 5000

export interface Supervised {
  /** When the newest record came, ms since the epoch; null: none ever did. */
  lastRecordMs(): number | null
  /** How far behind the source we are, in ms. */
  lagMs(): number
  /** Resolves when the source runs, or has failed for the first time. */
  readonly tried: Promise<void>
  stop(): Promise<void>
}

/**
 * Keeps one source going: opens its intake, starts it, and when either fails
 * stops both and begins anew from what the log holds, after a pause that grows
 * from a second to a minute and is never the same for two sources.
 */
export function supervise(
  start: StartSource,
  options: Omit<IntakeOptions, 'broken'> & { readonly random: () => number },
): Supervised {
  const { source: name, metrics, now } = options
  const logger: Logger = options.logger.child({ source: name })
  const stopping = new AbortController()
  let intake: Intake | null = null
  let running: RunningSource | null = null
  const tried = Promise.withResolvers<void>()
  /** Of a source that can be asked: since then there may be something that we do not have. */
  let caughtUpMs: number | null = null

  async function once(): Promise<void> {
    const broken = Promise.withResolvers<never>()
    broken.promise.catch(() => {})
    intake = await openIntake({ ...options, logger, broken: broken.reject })
    if (caughtUpMs === null && intake.before !== null) caughtUpMs = Date.parse(intake.before.at)
    try {
      running = await start({ name, intake, logger, metrics, now })
      tried.resolve()
      await Promise.race([running.ended, broken.promise, aborted(stopping.signal)])
    } finally {
      caughtUpMs = running?.caughtUpMs() ?? caughtUpMs
      const stopped = Promise.all([running?.stop(), intake.stop()])
      stopped.catch(() => {})
      if ((await within(stopped, STOP_WITHIN_MS)) === 'late') logger.warn('the source does not stop in time')
      running = null
    }
  }

  async function keepGoing(): Promise<void> {
    let wait = RETRY_MIN_MS
    while (!stopping.signal.aborted) {
      const began = performance.now()
      try {
        await once()
      } catch (error) {
        tried.resolve()
        if (stopping.signal.aborted) return
        metrics.reconnected()
        if (performance.now() - began > CALM_MS) wait = RETRY_MIN_MS
        logger.warn({ err: error, wait_ms: wait }, 'a source failed; it is begun anew')
        await pause(wait * (0.5 + options.random() / 2), undefined, { signal: stopping.signal }).catch(
          () => {},
        )
        wait = Math.min(2 * wait, RETRY_MAX_MS)
      }
    }
  }

  const lagMs = (): number => {
    const caught = running?.caughtUpMs() ?? caughtUpMs
    return Math.max(caught === null ? 0 : now() - caught, intake?.waitingMs() ?? 0)
  }
  metrics.lagOf(() => Math.max(0, lagMs() / 1000))
  const going = keepGoing()
  return {
    lastRecordMs: () => intake?.lastRecordMs() ?? null,
    lagMs,
    tried: tried.promise,
    async stop() {
      stopping.abort()
      // A log that does not answer must not hold the whole process.
      await within(going, STOP_WITHIN_MS + 1000)
    },
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (signal.aborted) resolve()
  return promise
}

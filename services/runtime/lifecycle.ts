import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import type { Running } from './runtime.ts'

/** How long everything together may take to stop. */
const STOP_WITHIN_MS = 10_000

/**
 * A service manager signals the whole group, and the launcher passes on what
 * it gets, so one wish to stop arrives twice. Ctrl-C is not passed on.
 */
const TOLD_TWICE_WITHIN_MS = 1000

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Lifecycle {
  /** Starts a part and remembers it; when starting fails nothing is remembered and the fault is thrown. */
  start<T extends Running>(name: string, start: () => Promise<T>): Promise<T>
  /** Stops all parts in the reverse order of starting, each after the one before has ended. Asked twice: the same stop. */
  stop(): Promise<void>
  /** Stops at the first SIGINT, SIGTERM or fault nobody caught, then ends the process; a second signal ends it at once. */
  stopOnSignal(told: (event: StopEvent) => void): void
}

export interface StopEvent {
  readonly kind: 'signal' | 'fault' | 'second-signal' | 'too-slow'
  readonly signal?: string | undefined
  readonly error?: unknown
}

/** Keeps what was started, so that it is stopped in the reverse order. */
export function createLifecycle(logger: Logger): Lifecycle {
  const parts: { name: string; running: Running }[] = []
  let stopping: Promise<void> | null = null

  async function stopAll(): Promise<void> {
    let failure: unknown
    for (let part = parts.pop(); part; part = parts.pop()) {
      const startedAt = performance.now()
      try {
        await part.running.stop()
        logger.debug({ part: part.name, ms: Math.round(performance.now() - startedAt) }, 'stopped')
      } catch (error) {
        // One part that can't stop must not keep the others from flushing what they hold.
        logger.error({ part: part.name, err: error }, 'could not be stopped cleanly')
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
  }

  return {
    async start(name, start) {
      if (stopping) throw new Error(`${name} can't start: everything is being stopped`)
      const running = await start()
      parts.push({ name, running })
      // A stop that was asked for meanwhile may have missed this one.
      if (stopping) await running.stop()
      return running
    },
    stop() {
      stopping ??= stopAll()
      return stopping
    },
    stopOnSignal(told) {
      let first: { signal: string; at: number } | null = null
      const grace = closeWithGrace(
        {
          delay: STOP_WITHIN_MS,
          logger: false,
          skip: ['beforeExit', ...SIGNALS],
          onSecondError: (error) => logger.error({ err: error }, 'a second fault while stopping'),
          onTimeout: () => {
            told({ kind: 'too-slow' })
            endAtOnce()
          },
        },
        async ({ err }) => {
          if (err) logger.error({ err }, 'a fault nobody caught: stopping')
          told(err ? { kind: 'fault', error: err } : { kind: 'signal', signal: first?.signal })
          await this.stop()
        },
      )
      const onSignal = (signal: NodeJS.Signals): void => {
        const at = performance.now()
        if (first === null) {
          first = { signal, at }
          grace.close()
        } else if (signal === 'SIGINT' || signal !== first.signal || at - first.at > TOLD_TWICE_WITHIN_MS) {
          told({ kind: 'second-signal', signal })
          endAtOnce()
        }
      }
      for (const signal of SIGNALS) process.on(signal, onSignal)
    },
  }
}

/** `process.exit` waits for threads of the pool, and one in the midst of a write may wait for this one: neither would end. */
function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL')
}

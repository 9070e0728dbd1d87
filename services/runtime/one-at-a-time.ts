export interface Repeating {
  /** Resolves when the turn that is under way has ended; there is none after it. */
  stop(): Promise<void>
}

/**
 * Does something every `every_ms` milliseconds, one turn at a time: what a slow
 * turn misses is left out, so that a silent peer piles nothing up in memory and
 * a stop waits for one turn at most. A turn gets the signal that tells it to
 * break off; its faults go to `failed`. The timer keeps no process alive.
 */
export function repeatOneAtATime({
  every_ms,
  turn,
  failed,
}: {
  readonly every_ms: number
  readonly turn: (stopping: AbortSignal) => Promise<void>
  readonly failed: (error: unknown) => void
}): Repeating {
  const stopping = new AbortController()
  let underWay: Promise<void> | null = null
  const timer = setInterval(() => {
    underWay ??= turn(stopping.signal)
      .catch(failed)
      .finally(() => {
        underWay = null
      })
  }, every_ms)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await underWay
    },
  }
}

import type { RunningSource } from './source.ts'

/** A source that is one loop: it ends when the loop fails, and the signal stops both. */
export function loopSource(
  loop: (signal: AbortSignal) => Promise<void>,
  caughtUpMs: () => number | null,
): RunningSource {
  const stopping = new AbortController()
  const { signal } = stopping
  const { promise: ended, reject } = Promise.withResolvers<void>()
  const running = loop(signal)
  running.catch((error: unknown) => {
    if (!signal.aborted) reject(error)
  })
  return {
    ended,
    caughtUpMs,
    async stop() {
      stopping.abort()
      await running.catch(() => {})
    },
  }
}

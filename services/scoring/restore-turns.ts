/** Restores of one stage that run at once: more are no faster, and each holds megabytes of what it has fetched. */
const AT_ONCE = 2

/** Lets a few restores run at a time; the others wait, in order. */
export class RestoreTurns {
  #free = AT_ONCE
  readonly #waiting = new Set<() => void>()

  /** Runs it when it is its turn. Throws AbortError when `signal` says so before. */
  async take<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    while (this.#free === 0) await this.#change(signal)
    signal?.throwIfAborted()
    this.#free -= 1
    try {
      return await run()
    } finally {
      this.#free += 1
      for (const changed of this.#waiting) changed()
    }
  }

  /** Resolves when a turn is over, or `signal` says that it is not worth waiting. */
  async #change(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.add(resolve)
    signal?.addEventListener('abort', () => resolve(), { once: true })
    await promise
    this.#waiting.delete(resolve)
    signal?.throwIfAborted()
  }
}

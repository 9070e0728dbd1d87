import { setTimeout } from 'node:timers/promises'
import type { ConsumeOptions } from '../event-log.ts'
import type { Claim } from './group.ts'
import { nextPauseMs } from './lane.ts'

/** A partition that is ours and whose state is being loaded, again and again until it succeeds. */
export class Taking {
  readonly claim: Claim
  /** Whether it was loaded; false: given up before. */
  readonly ended: Promise<boolean>
  readonly #givenUp = new AbortController()

  constructor(
    claim: Claim,
    assigned: NonNullable<ConsumeOptions['assigned']>,
    failed: (error: unknown) => void,
  ) {
    this.claim = claim
    this.ended = this.#load(assigned, failed)
  }

  /** No more tries; one that is under way is told by `revoked`. */
  giveUp(): void {
    this.#givenUp.abort()
  }

  async #load(
    assigned: NonNullable<ConsumeOptions['assigned']>,
    failed: (error: unknown) => void,
  ): Promise<boolean> {
    const { topic, partition } = this.claim
    const { signal } = this.#givenUp
    let pauseMs = 0
    while (!signal.aborted) {
      try {
        await assigned(topic, partition)
        return !signal.aborted
      } catch (error) {
        if (signal.aborted) break
        failed(error)
        pauseMs = nextPauseMs(pauseMs)
        // Aborted: the loop's condition sees it.
        await setTimeout(pauseMs, undefined, { signal }).catch(() => {})
      }
    }
    return false
  }
}

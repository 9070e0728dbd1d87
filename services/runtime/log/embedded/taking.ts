import { setTimeout } from 'node:timers/promises'
import type { LogTopic } from '../../../../schemas/topics.ts'
import type { ConsumeOptions } from '../event-log.ts'
import type { Claim } from './group.ts'
import { nextPauseMs } from './lane.ts'

/** A partition that is ours and whose state is being loaded, again and again until it succeeds. */
class Taking {
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

/** The partitions of a member whose state is being loaded. */
export class Takings {
  readonly #assigned: ConsumeOptions['assigned']
  readonly #failed: (error: unknown) => void
  readonly #loaded: (claim: Claim, next: number) => void
  #all: Taking[] = []

  constructor(
    assigned: ConsumeOptions['assigned'],
    failed: (error: unknown) => void,
    loaded: (claim: Claim, next: number) => void,
  ) {
    this.#assigned = assigned
    this.#failed = failed
    this.#loaded = loaded
  }

  has(topic: LogTopic, partition: number): boolean {
    return this.#all.some(({ claim }) => claim.topic.name === topic.name && claim.partition === partition)
  }

  /** Begins to load; resolves when it is loaded, and told so, or given up. */
  async begin(claim: Claim, next: number): Promise<void> {
    if (this.#assigned === undefined) return this.#loaded(claim, next)
    const taking = new Taking(claim, this.#assigned, this.#failed)
    this.#all.push(taking)
    if (!(await taking.ended) || !this.#all.includes(taking)) return
    this.#all = this.#all.filter((other) => other !== taking)
    this.#loaded(claim, next)
  }

  /** Stops loading some; each has ended when its `ended` resolves. */
  giveUp(which: (claim: Claim) => boolean): Taking[] {
    const some = this.#all.filter(({ claim }) => which(claim))
    this.#all = this.#all.filter((taking) => !some.includes(taking))
    for (const taking of some) taking.giveUp()
    return some
  }
}

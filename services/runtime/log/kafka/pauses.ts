import { setTimeout as sleep } from 'node:timers/promises'

/** Waits that double from `first` to `most` ms, each shortened by up to a quarter so that clients don't come in step. */
export class Pauses {
  readonly #first: number
  readonly #most: number
  #next: number

  constructor(first: number, most: number) {
    this.#first = first
    this.#most = most
    this.#next = first
  }

  /** Ends early, without a fault, when the signal does. */
  async wait(signal?: AbortSignal): Promise<void> {
    const ms = this.#next * (0.75 + Math.random() / 4)
    this.#next = Math.min(this.#next * 2, this.#most)
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  }

  reset(): void {
    this.#next = this.#first
  }
}

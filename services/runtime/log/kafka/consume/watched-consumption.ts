import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumption, ConsumeOptions, OutRecord } from '../../event-log.ts'
import { KafkaConsumption, type ConsumptionParts } from './consumption.ts'
import { committedOf, watermarksOf } from '../read/offsets.ts'
import type { Written } from '../commit/transactor.ts'
import { Watch, type Patience } from './watch.ts'
import type { Link } from '../wire/link.ts'

const JOIN_MS = 5_000

export interface WatchedParts extends ConsumptionParts {
  /** For questions; not the consumer's own, so that what ails it doesn't ail its watch. */
  readonly link: Link
  readonly patience: Patience
  readonly ended: (consumption: WatchedConsumption) => void
}

/** A consumer that is started anew when it stands still. */
export class WatchedConsumption implements Consumption {
  readonly #parts: WatchedParts
  readonly #options: ConsumeOptions
  #current: KafkaConsumption
  #watch: Watch
  readonly #stopping = new AbortController()
  #watching: Promise<void>
  #stopped: Promise<void> | undefined

  constructor(parts: WatchedParts, options: ConsumeOptions) {
    this.#parts = parts
    this.#options = options
    this.#current = new KafkaConsumption(parts, options)
    this.#watch = this.#newWatch()
    this.#watching = this.#look()
  }

  /** Resolves when the group has taken us in, or brokers are away (then it goes on by itself); rejects when we may not. */
  async joined(): Promise<void> {
    try {
      await Promise.race([this.#current.joined, sleep(JOIN_MS)])
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  get group(): string {
    return this.#options.group
  }

  /** As `KafkaConsumption.append`. */
  append(records: readonly OutRecord[]): Promise<readonly Written[]> {
    return this.#current.append(records)
  }

  async drained(): Promise<void> {
    const { link, names } = this.#parts
    const targets: { topic: string; partition: number; high: number }[] = []
    for (const topic of this.#options.topics) {
      for (const { partition, high, low } of await watermarksOf(link, names, topic)) {
        if (high > low) targets.push({ topic: names.topic(topic), partition, high })
      }
    }
    for (let pause = 5; !this.#stopping.signal.aborted; pause = Math.min(pause * 1.5, 200)) {
      const found = await committedOf(link, names.group(this.#options.group), targets, { stable: false })
      const open = targets.filter(
        ({ topic, partition, high }) =>
          !found.some((one) => one.topic === topic && one.partition === partition && one.offset >= high),
      )
      if (open.length === 0) return
      await sleep(pause)
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#stopping.abort()
    await this.#watching
    await this.#current.stop()
    this.#parts.ended(this)
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopping
    const { stall_ms, handler_ms } = this.#parts.patience
    const every = Math.min(5_000, stall_ms / 4, handler_ms / 4)
    while (!signal.aborted) {
      await sleep(every, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      try {
        const cause = await this.#watch.look(this.#current.lanes)
        if (cause !== undefined && !signal.aborted) await this.#restart(cause)
      } catch {
        // The brokers are away: nothing can be said, and what was seen before says nothing any more.
        this.#watch = this.#newWatch()
      }
    }
  }

  async #restart(cause: string): Promise<void> {
    const { logger, metrics } = this.#parts
    const { group } = this.#options
    logger.warn({ group, cause }, 'event log: a consumer stood still and is started anew')
    metrics?.restarted(group, cause)
    await this.#current.abandon()
    this.#watch = this.#newWatch()
    this.#current = new KafkaConsumption(this.#parts, this.#options)
  }

  #newWatch(): Watch {
    const { link, names, metrics, patience } = this.#parts
    const { group, topics } = this.#options
    return new Watch({ link, names, group, topics, metrics }, patience)
  }
}

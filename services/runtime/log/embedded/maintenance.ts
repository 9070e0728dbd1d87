import type { Logger } from 'pino'
import type { LogMetrics } from '../log-metrics.ts'
import { compactBlocks, dueForCompaction } from './compaction.ts'
import type { Committer } from './committer.ts'
import type { Processes } from './processes.ts'
import { removeOldest, type Removed } from './removal.ts'
import type { Store, TopicStore } from './store.ts'

export interface RetentionOptions {
  /** How often to look. Default 10 s. */
  readonly check_ms: number
  /** Bytes of records kept over all topics; above it the oldest go, whatever their topic's time. Default 16 GiB. */
  readonly max_bytes: number
  /** A superseded record of a compacted topic waits this long for a group that has not read it. Default 1 h. */
  readonly compaction_lag_ms: number
}

const DEFAULTS: RetentionOptions = {
  check_ms: 10_000,
  max_bytes: 16 * 1024 ** 3,
  compaction_lag_ms: 3_600_000,
}

/**
 * Keeps the log bounded, in the background and in small transactions: by time
 * and by bytes, and compacted topics by key.
 */
export class Maintenance {
  readonly #store: Store
  readonly #committer: Committer
  readonly #processes: Processes
  readonly #logger: Logger | undefined
  readonly #metrics: LogMetrics | undefined
  readonly #retention: RetentionOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #stopped = false

  constructor(
    store: Store,
    committer: Committer,
    processes: Processes,
    options: { logger?: Logger; metrics?: LogMetrics; retention?: Partial<RetentionOptions> },
  ) {
    this.#store = store
    this.#committer = committer
    this.#processes = processes
    this.#logger = options.logger
    this.#metrics = options.metrics
    this.#retention = { ...DEFAULTS, ...options.retention }
  }

  start(): void {
    const look = () => {
      this.#running ??= this.#run().finally(() => (this.#running = undefined))
    }
    this.#timer = setInterval(look, this.#retention.check_ms).unref()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    if (!this.#processes.leads()) return
    try {
      this.#store.refresh()
      const topics = this.#store.knownTopics()
      for (const topic of topics) {
        if (topic.latest === undefined) await this.#expire(topic)
        else if (dueForCompaction(this.#store, topic)) await this.#compact(topic)
      }
      await this.#shrink(topics)
      this.#tell(topics)
    } catch (error) {
      this.#logger?.warn({ err: error }, 'event log: retention failed, tried again at the next turn')
    }
  }

  async #expire(topic: TopicStore): Promise<void> {
    const before = Date.now() - topic.topic.retention_ms
    for (let partition = 0; partition < topic.partitions; partition++) {
      while (!this.#stopped && (await this.#remove(topic, partition, 'age', before))) {
        // Another step: small transactions let appends in between.
      }
    }
  }

  /** Removes the oldest blocks of all topics until their sum is within the bound. */
  async #shrink(topics: readonly TopicStore[]): Promise<void> {
    while (!this.#stopped && this.#bytes(topics) > this.#retention.max_bytes) {
      let oldest: { topic: TopicStore; partition: number; at: number } | undefined
      for (const topic of topics) {
        if (topic.latest !== undefined) continue
        for (let partition = 0; partition < topic.partitions; partition++) {
          const at = this.#store.oldestMs(topic, partition)
          if (at !== undefined && (oldest === undefined || at < oldest.at)) oldest = { topic, partition, at }
        }
      }
      if (oldest === undefined) return
      if (!(await this.#remove(oldest.topic, oldest.partition, 'bytes', Infinity))) return
    }
  }

  async #remove(
    topic: TopicStore,
    partition: number,
    cause: 'age' | 'bytes',
    beforeMs: number,
  ): Promise<boolean> {
    const removed: Removed = { blocks: 0, records: 0, unread: 0 }
    const apply = () => removeOldest(this.#store, topic, partition, beforeMs, removed)
    await this.#committer.submit({ records: [], apply }).visible
    if (removed.records === 0) return false
    this.#metrics?.removed(topic.topic.name, cause, removed.records, removed.unread)
    if (removed.unread > 0) {
      const { records, unread } = removed
      this.#logger?.warn(
        { topic: topic.topic.name, partition, cause, records, unread },
        'event log: records removed that a group had not read',
      )
    }
    return true
  }

  async #compact(topic: TopicStore): Promise<void> {
    const keepAfterMs = Date.now() - this.#retention.compaction_lag_ms
    for (let partition = 0; partition < topic.partitions; partition++) {
      let from = 0
      while (!this.#stopped) {
        const step = { next: -1, removed: 0 }
        const apply = () =>
          Object.assign(step, compactBlocks(this.#store, topic, partition, from, keepAfterMs))
        await this.#committer.submit({ records: [], apply }).visible
        if (step.removed > 0) this.#metrics?.removed(topic.topic.name, 'compaction', step.removed, 0)
        if (step.next < 0) break
        from = step.next
      }
    }
  }

  #bytes(topics: readonly TopicStore[]): number {
    let bytes = 0
    for (const { topic, partitions } of topics) {
      for (let partition = 0; partition < partitions; partition++)
        bytes += this.#store.head(topic.name, partition).bytes
    }
    return bytes
  }

  #tell(topics: readonly TopicStore[]): void {
    for (const { topic, partitions } of topics) {
      let [records, bytes] = [0, 0]
      for (let partition = 0; partition < partitions; partition++) {
        const head = this.#store.head(topic.name, partition)
        records += head.records
        bytes += head.bytes
      }
      this.#metrics?.retained(topic.name, records, bytes)
    }
  }
}

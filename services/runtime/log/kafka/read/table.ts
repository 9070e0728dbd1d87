import type { LogTopic } from '../../../../../schemas/topics.ts'
import type { LogRecord, Table } from '../../event-log.ts'
import type { Feed } from '../consume/feed.ts'
import type { Fetcher } from '../consume/fetcher.ts'
import type { Names } from '../names.ts'
import { listed } from './offsets.ts'
import type { Link } from '../wire/link.ts'

type Changed = (key: string, value: Uint8Array | undefined) => void

const FETCH_BYTES = 1_048_576

export interface TableParts {
  /** For questions; the fetcher has its own. */
  readonly link: Link
  readonly fetcher: Fetcher
  readonly names: Names
  readonly failed: (error: unknown) => void
  readonly closed: (table: KafkaTable) => void
}

/**
 * A compacted topic in memory: read to its end, then followed. Without a
 * group: it has no position to keep, every process reads all partitions, and a
 * throw-away group for each start would leave its offsets behind for a week.
 */
export class KafkaTable implements Table {
  readonly #parts: TableParts
  readonly #topic: string
  readonly #feeds: Feed[]
  readonly #values = new Map<string, Uint8Array>()
  readonly #followers = new Set<Changed>()
  readonly #waiting = new Set<() => void>()
  #closed = false

  private constructor(parts: TableParts, topic: LogTopic, from: ReadonlyMap<number, number>) {
    this.#parts = parts
    this.#topic = parts.names.topic(topic)
    this.#feeds = [...from].map(([partition, position]) => ({
      topic: this.#topic,
      partition,
      position,
      room: () => FETCH_BYTES,
      take: (records) => this.#take(records),
      seen: () => {},
    }))
    for (const feed of this.#feeds) parts.fetcher.add(feed)
  }

  /** Resolves when it holds what the topic held at the call. */
  static async open(parts: TableParts, topic: LogTopic): Promise<KafkaTable> {
    const partitions = Array.from({ length: parts.names.partitions(topic) }, (_, partition) => partition)
    const from = await listed(parts.link, parts.names.topic(topic), partitions, 'earliest')
    const table = new KafkaTable(parts, topic, from)
    try {
      await table.caughtUp()
    } catch (error) {
      await table.close()
      throw error
    }
    return table
  }

  get(key: string): Uint8Array | undefined {
    return this.#values.get(key)
  }

  *entries(prefix = ''): IterableIterator<[key: string, value: Uint8Array]> {
    for (const entry of this.#values) if (entry[0].startsWith(prefix)) yield entry
  }

  follow(changed: Changed): () => void {
    this.#followers.add(changed)
    return () => void this.#followers.delete(changed)
  }

  async caughtUp(): Promise<void> {
    const target = await listed(
      this.#parts.link,
      this.#topic,
      this.#feeds.map(({ partition }) => partition),
      'latest',
    )
    await this.#until(() =>
      this.#feeds.every(({ partition, position }) => position >= (target.get(partition) ?? 0)),
    )
  }

  /** Resolves when the table shows everything of a partition before an offset; -1: all that is there now. */
  async reached(partition: number, next: number): Promise<void> {
    if (next < 0) return await this.caughtUp()
    const feed = this.#feeds.find((one) => one.partition === partition)
    if (feed !== undefined) await this.#until(() => feed.position >= next)
  }

  async #until(reached: () => boolean): Promise<void> {
    if (this.#closed || reached()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const check = () => {
      if (this.#closed || reached()) resolve()
    }
    this.#waiting.add(check)
    await promise
    this.#waiting.delete(check)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const feed of this.#feeds) this.#parts.fetcher.remove(feed)
    this.#followers.clear()
    this.#parts.closed(this)
    for (const check of this.#waiting) check()
  }

  #take(records: readonly LogRecord[]): void {
    if (this.#closed) return
    for (const { key, value } of records) {
      if (value === null) this.#values.delete(key)
      // A copy: a view would hold the whole fetch in memory for as long as the key lives.
      else this.#values.set(key, Uint8Array.prototype.slice.call(value))
      for (const changed of this.#followers) this.#tell(changed, key)
    }
    for (const check of this.#waiting) check()
  }

  #tell(changed: Changed, key: string): void {
    try {
      changed(key, this.#values.get(key))
    } catch (error) {
      this.#parts.failed(error)
    }
  }
}

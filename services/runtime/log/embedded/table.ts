import type { Table } from '../event-log.ts'
import { indexKey } from './index-key.ts'
import { readLatest, readPointer, readRange } from './reader.ts'
import type { Store, TopicStore } from './store.ts'

type Changed = (key: string, value: Uint8Array | undefined) => void

/** Keys of one look into the index by `entries`, which may be left for long between two of them. */
const ENTRIES_PAGE = 500
const FOLLOW_PAGE = { maxRecords: 1000, maxBytes: 4 * 1024 * 1024 }

/** A compacted topic by key, read where it lies: the index gives the place of a key's newest record. */
export class EmbeddedTable implements Table {
  readonly #store: Store
  readonly #topic: TopicStore
  readonly #closed: () => void
  readonly #followers = new Set<Changed>()
  readonly #failed: (error: unknown) => void
  #cursor: number[]
  readonly #waiting = new Set<() => void>()

  constructor(store: Store, topic: TopicStore, failed: (error: unknown) => void, closed: () => void) {
    this.#store = store
    this.#topic = topic
    this.#failed = failed
    this.#closed = closed
    this.#cursor = this.#heads()
  }

  get(key: string): Uint8Array | undefined {
    return readLatest(this.#topic, key)?.value ?? undefined
  }

  *entries(prefix = ''): IterableIterator<[key: string, value: Uint8Array]> {
    const index = this.#topic.latest
    if (index === undefined) return
    const first = Buffer.from(prefix, 'utf8')
    let start: Buffer = first.length === 0 ? Buffer.from([0]) : indexKey(prefix)
    for (;;) {
      const page = [...index.getRange({ start, limit: ENTRIES_PAGE })]
      for (const { value } of page) {
        const record = readPointer(this.#topic, value)
        if (record === undefined || record.value === null) continue
        if (!record.key.startsWith(prefix)) return
        yield [record.key, record.value]
      }
      const last = page[page.length - 1]
      if (last === undefined || page.length < ENTRIES_PAGE) return
      start = Buffer.concat([last.key, Buffer.from([0])])
    }
  }

  follow(changed: Changed): () => void {
    if (this.#followers.size === 0) {
      this.#store.refresh()
      this.#cursor = this.#heads()
    }
    this.#followers.add(changed)
    return () => void this.#followers.delete(changed)
  }

  async caughtUp(): Promise<void> {
    this.#store.refresh()
    const target = this.#heads()
    this.wake()
    if (this.#reached(target)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const check = () => {
      if (this.#reached(target)) resolve()
    }
    this.#waiting.add(check)
    await promise
    this.#waiting.delete(check)
  }

  /** Tells the followers what has been committed since. */
  wake(): void {
    if (this.#followers.size === 0) this.#cursor = this.#heads()
    else for (const [partition, from] of this.#cursor.entries()) this.#follow(partition, from)
    for (const check of this.#waiting) check()
  }

  async close(): Promise<void> {
    this.#followers.clear()
    this.wake()
    this.#closed()
  }

  #follow(partition: number, from: number): void {
    const { next } = this.#store.head(this.#topic.topic.name, partition)
    let at = from
    while (at < next) {
      const records = readRange(this.#topic, { partition, from: at, to: next, ...FOLLOW_PAGE })
      const last = records[records.length - 1]
      at = last === undefined ? next : last.offset + 1
      this.#cursor[partition] = at
      for (const { key, value } of records) {
        for (const changed of this.#followers) this.#tell(changed, key, value ?? undefined)
      }
    }
  }

  #tell(changed: Changed, key: string, value: Uint8Array | undefined): void {
    try {
      changed(key, value)
    } catch (error) {
      this.#failed(error)
    }
  }

  #reached(target: readonly number[]): boolean {
    return target.every((next, partition) => (this.#cursor[partition] ?? 0) >= next)
  }

  #heads(): number[] {
    const { topic, partitions } = this.#topic
    return Array.from({ length: partitions }, (_, partition) => this.#store.head(topic.name, partition).next)
  }
}

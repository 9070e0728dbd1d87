import { join, resolve } from 'node:path'
import { mkdirSync } from 'node:fs'
import { open, type Database, type DatabaseOptions, type Key, type RootDatabase } from 'lmdb'
import type { LogTopic } from '../../../../schemas/topics.ts'
import { GatewatchError } from '../../errors.ts'
import { openOnce, writeNewest } from '../../lmdb/newest.ts'
import { blockAppendedMs } from './block.ts'
import { toLogError } from './errors.ts'

/** Raised when an older program could not read what this one writes. */
const FORMAT = 1
/** Address space, not disk: the file grows as it is written. */
const MAP_BYTES = 2 ** 38
const MAX_DATABASES = 256
/** Keys of a partition's blocks: `partition × 2^43 + offset`, which a double holds exactly up to partition 1023. */
const OFFSETS = 2 ** 43
const MAX_PARTITIONS = 1024

/** A topic's databases. `latest` is the index of a compacted topic: key → place of its newest record. */
export interface TopicStore {
  readonly topic: LogTopic
  readonly partitions: number
  readonly log: Database<Buffer, number>
  readonly latest: Database<Buffer, Buffer> | undefined
}

/** Where a partition stands. */
export interface Head {
  /** Offset of the next record. */
  next: number
  /** First offset still kept. */
  low: number
  /** Bytes of its blocks. */
  bytes: number
  /** Records in its blocks. */
  records: number
}

/** What a process finds out about a topic that it has no code for. */
export interface TopicRow {
  readonly partitions: number
  readonly retention_ms: number | null
  readonly compacted: boolean
}

export interface ProcessRow {
  readonly pid: number
  /** When the process started, as the system tells it; empty where it does not. A pid may be given again. */
  readonly started: string
  /** Where its doorbell is. */
  readonly address: string
  readonly expires_ms: number
}

export interface MemberRow {
  readonly process: string
  readonly topics: readonly string[]
}

export interface OwnerRow {
  readonly member: string
  /** Rises with every change of hands. */
  readonly epoch: number
}

export interface PinnedPart {
  readonly partition: number
  readonly first: number
  readonly last: number
}

/**
 * The environments that this process has open. LMDB allows a file to be open
 * once in a process: a second opening would not know of the first one's
 * transactions, and the two would wait for each other for ever.
 */
const opened = new Map<string, { store: Store; uses: number }>()

/** Opens the directory's store, or shares the one that this process has open; each is closed by its own `close`. */
export function openStore(directory: string, partitions: number): Store {
  const path = resolve(directory)
  const known = opened.get(path)
  if (known !== undefined) {
    known.uses++
    return known.store
  }
  const store = new Store(path, partitions)
  opened.set(path, { store, uses: 1 })
  return store
}

/**
 * The LMDB environment: one for all topics, so that one transaction spans
 * them. Several processes open the same one.
 */
export class Store {
  readonly env: RootDatabase<Buffer, string>
  readonly heads: Database<Buffer, string>
  /** By group: the process for whose copy of the store the group hands out no new pinned batch. */
  readonly holds: Database<ProcessRow, string>
  readonly #format: Database<number, string>
  readonly #rows: Database<TopicRow, string>
  /** By process id. */
  readonly processes: Database<ProcessRow, string>
  /** By `<group>/<member>`. */
  readonly members: Database<MemberRow, string>
  /** By `<group>/<topic>/<partition>`, as are the next three. */
  readonly owners: Database<OwnerRow, string>
  /** Offset of the next record that the group will handle. */
  readonly offsets: Database<number, string>
  /** By `<group>/<lane>`: the ranges of a batch that may have been handed out. */
  readonly pins: Database<readonly PinnedPart[], string>
  readonly #topics = new Map<string, TopicStore>()
  readonly #partitions: number
  readonly #directory: string
  readonly #file: string

  constructor(directory: string, partitions: number) {
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
      throw new RangeError(`partitions must be a whole number from 1 to ${MAX_PARTITIONS}`)
    }
    this.#partitions = partitions
    this.#directory = directory
    this.#file = join(directory, 'log.mdb')
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      this.env = open<Buffer, string>(this.#file, {
        encoding: 'binary',
        maxDbs: MAX_DATABASES,
        mapSize: MAP_BYTES,
        // The committer batches. lmdb's own batching leaves a promise that nobody can
        // catch, so that a full disk would end the process.
        eventTurnBatching: false,
      })
      this.#format = this.#openDb({ name: 'format', encoding: 'json' })
      this.#rows = this.#openDb({ name: 'topics', encoding: 'json' })
      this.processes = this.#openDb({ name: 'processes', encoding: 'json' })
      this.members = this.#openDb({ name: 'members', encoding: 'json' })
      this.owners = this.#openDb({ name: 'owners', encoding: 'json' })
      this.offsets = this.#openDb({ name: 'offsets', encoding: 'json' })
      this.pins = this.#openDb({ name: 'pins', encoding: 'json' })
      this.holds = this.#openDb({ name: 'holds', encoding: 'json' })
      this.heads = this.#openDb({ name: 'heads', encoding: 'binary' })
    } catch (error) {
      throw toLogError(error)
    }
  }

  /** Claims the directory for this format, or refuses another one's. */
  checkFormat(): void {
    const found = this.#write(() => {
      const format = this.#format.get('format')
      if (format === undefined) void this.#format.put('format', FORMAT)
      return format ?? FORMAT
    })
    if (found !== FORMAT) {
      throw new GatewatchError(
        'ERR_DATA_DIR_VERSION',
        `The event log in the data directory has format ${String(found)}, this version of gatewatch reads format ${FORMAT}: start the version that wrote it, or choose another data_dir.`,
      )
    }
  }

  topic(topic: LogTopic): TopicStore {
    const known = this.#topics.get(topic.name)
    if (known !== undefined) return known
    const row = this.#rows.get(topic.name) ?? this.#create(topic)
    const store: TopicStore = {
      topic,
      partitions: row.partitions,
      log: this.#openDb({ name: `log/${topic.name}`, encoding: 'binary' }),
      latest: topic.compacted
        ? this.#openDb({ name: `latest/${topic.name}`, encoding: 'binary', keyEncoding: 'binary' })
        : undefined,
    }
    this.#topics.set(topic.name, store)
    return store
  }

  /** How many partitions a topic has is settled when it is first used: more later would move its keys. */
  #create(topic: LogTopic): TopicRow {
    const fresh: TopicRow = {
      partitions: this.#partitions,
      retention_ms: Number.isFinite(topic.retention_ms) ? topic.retention_ms : null,
      compacted: topic.compacted,
    }
    return this.#write(() => {
      const there = this.#rows.get(topic.name)
      if (there !== undefined) return there
      void this.#rows.put(topic.name, fresh)
      return fresh
    })
  }

  #openDb<V, K extends Key = string>(options: DatabaseOptions & { name: string }): Database<V, K> {
    return this.#write(() => this.env.openDB<V, K>(options))
  }

  #write<T>(run: () => T): T {
    return writeNewest(this.env, this.#file, run)
  }

  /** To be called when a transaction proved to be behind the newest commit, or does not end: see lmdb/newest.ts. */
  async mend(): Promise<void> {
    await openOnce(this.#file)
  }

  /** Every topic that any process has used here. */
  knownTopics(): TopicStore[] {
    return [...this.#rows.getRange()].map(({ key: name, value }) => {
      const { partitions, retention_ms, compacted } = value
      return this.topic({ name, partitions, retention_ms: retention_ms ?? Infinity, compacted })
    })
  }

  head(topic: string, partition: number): Head {
    const bytes = this.heads.get(`${topic}/${partition}`)
    if (bytes === undefined) return { next: 0, low: 0, bytes: 0, records: 0 }
    return {
      next: bytes.readDoubleLE(0),
      low: bytes.readDoubleLE(8),
      bytes: bytes.readDoubleLE(16),
      records: bytes.readDoubleLE(24),
    }
  }

  /** When the oldest block that is kept was appended. */
  oldestMs({ log }: TopicStore, partition: number): number | undefined {
    const range = { start: placeOf(partition, 0), end: placeOf(partition + 1, 0), limit: 1 }
    for (const { value } of log.getRange(range)) return blockAppendedMs(value)
    return undefined
  }

  /** Inside a write transaction only. */
  putHead(topic: string, partition: number, head: Head): void {
    const bytes = Buffer.allocUnsafe(32)
    bytes.writeDoubleLE(head.next, 0)
    bytes.writeDoubleLE(head.low, 8)
    bytes.writeDoubleLE(head.bytes, 16)
    bytes.writeDoubleLE(head.records, 24)
    void this.heads.put(`${topic}/${partition}`, bytes)
  }

  /** Lets the next read see what other processes have committed. */
  refresh(): void {
    this.env.resetReadTxn()
  }

  /** Closes the environment with its last user. */
  async close(): Promise<void> {
    const known = opened.get(this.#directory)
    if (known !== undefined && --known.uses > 0) return
    opened.delete(this.#directory)
    await this.env.close()
  }
}

export function placeOf(partition: number, offset: number): number {
  return partition * OFFSETS + offset
}

export function offsetOf(place: number): number {
  return place % OFFSETS
}

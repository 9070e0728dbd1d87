import type { LogTopic } from '../../../schemas/topics.ts'

/** What is written to the log. */
export interface OutRecord {
  readonly topic: LogTopic
  readonly key: string
  /** Null removes the key from a compacted topic (a tombstone). */
  readonly value: Uint8Array | string | null
  readonly headers?: Readonly<Record<string, string>>
  /** Overrides the partition that the key gives: state travels in the partition of its input. */
  readonly partition?: number
}

/** What is read from the log. `value` may be a view into a shared buffer: copy what is kept beyond the handler. */
export interface LogRecord {
  readonly offset: number
  readonly key: string
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
  /** When the log took it, ms since the epoch. Never an input of a score. */
  readonly appended_ms: number
}

export interface AppendOptions {
  /**
   * The records need not stand or fall together: a crash may leave some of
   * them. Cheaper where the log would need a transaction, and no reader waits
   * for the others. Repeating the same records after a failure writes none of
   * them twice while the process lives.
   */
  readonly independent?: boolean
  /**
   * A group with `sole` of which this client is a member: the records are written only while it owns the group's
   * partitions, and in one step with that. Once another member has been told that they are its own, nothing of it can
   * come any more, even of a process that was paused in the middle. Waits for as long as the log is away: a caller
   * that brings the very same array again waits on.
   * @throws GatewatchError `ERR_LOG_FENCED` when they are another's: nothing of the records is there
   */
  readonly owner_of?: string
}

/** Consecutive records of one partition, oldest first. */
export interface PartitionRecords {
  readonly topic: LogTopic
  readonly partition: number
  readonly records: readonly LogRecord[]
  readonly first_offset: number
  readonly last_offset: number
}

/**
 * Handles one batch and says what to write because of it. The log commits the
 * outputs and the batch's offsets in one step: both or neither. What it throws
 * leaves nothing behind, and the same records come again.
 */
export type BatchHandler = (batch: Batch) => Promise<readonly OutRecord[]> | readonly OutRecord[]

export interface Batch {
  /** One element, unless the group spans partitions. */
  readonly parts: readonly PartitionRecords[]
  /** The same for the same ranges of offsets: a deduplication token for a store outside the log. */
  readonly token: string
}

export interface ConsumeOptions {
  /** Equal to the service's name; the members of a group share the partitions. */
  readonly group: string
  readonly topics: readonly LogTopic[]
  readonly handle: BatchHandler
  /**
   * Told of the batch that will probably come next, while one is handled and many
   * records wait, so that what only reads can begin. It is not written down yet, and
   * may never be handed out: nothing outside may be changed because of it. A driver
   * need not call it, and does so for `pinned` groups only.
   */
  readonly ahead?: (batch: Batch) => void
  /** Upper bounds of a batch. Default 1000 records, 4 MiB. */
  readonly max_records?: number
  readonly max_bytes?: number
  /** A batch waits at most this long to fill up to `min_records`. Default 0: whatever is there goes at once. */
  readonly linger_ms?: number
  readonly min_records?: number
  /**
   * Write the batch's ranges down before handling it, and hand out the very
   * same ranges after a crash: for stores that can't share our transaction.
   */
  readonly pinned?: boolean
  /** `partition` (default): a batch holds one partition. `group`: all partitions of a topic that this member owns. */
  readonly span?: 'partition' | 'group'
  /**
   * One member has every partition of every topic, and keeps them for as long as it lives; the others stand by. For a
   * handler whose memory must see everything: what it keeps is loaded in `assigned`, as another may have had them.
   */
  readonly sole?: boolean
  /**
   * Batches of different partitions (of different topics, where the group spans
   * partitions) may be handled at the same time: for a handler that waits for
   * something and keeps nothing between batches. Default: one at a time.
   */
  readonly concurrent?: boolean
  /** Where a group without offsets begins. Default `earliest`. */
  readonly from?: 'earliest' | 'latest'
  /**
   * A partition became ours: load its state. Nothing of an earlier owner can be
   * committed from here on, and all that it committed can be read. Awaited
   * before the partition's records are handled; other partitions go on
   * meanwhile. What it throws is told to `failed`, and it is called again after
   * growing pauses.
   */
  readonly assigned?: (topic: LogTopic, partition: number) => Promise<void> | void
  /** A partition is another's: drop its state. May come while `assigned` is under way, which should then end early: the partition is given up when both have. */
  readonly revoked?: (topic: LogTopic, partition: number) => Promise<void> | void
  /** Told of every failure of `handle` or `assigned` before it is tried again with growing pauses (100 ms to 10 s). */
  readonly failed?: (error: unknown) => void
}

export interface Consumption {
  /** Resolves when everything that was in the topics at the call has been handled and committed. */
  drained(): Promise<void>
  /** Finishes the batch in hand, commits it, and gives the partitions up. */
  stop(): Promise<void>
}

/** The newest record of each key of a compacted topic, held locally. */
export interface Table {
  get(key: string): Uint8Array | undefined
  entries(prefix?: string): IterableIterator<[key: string, value: Uint8Array]>
  /** Calls back for each change from now on, in the order of the log (`undefined`: removed); returns what ends it. */
  follow(changed: (key: string, value: Uint8Array | undefined) => void): () => void
  /** Resolves when the table holds everything that the log held at the call. */
  caughtUp(): Promise<void>
  close(): Promise<void>
}

export interface Watermarks {
  readonly partition: number
  /** First offset still kept. */
  readonly low: number
  /** Offset that the next record will get. */
  readonly high: number
}

export interface ReadOptions {
  readonly partition: number
  /** First offset; default the low watermark. Below it: the low watermark. */
  readonly from?: number
  /** Offset after the last; default the high watermark at the call. */
  readonly to?: number
  readonly max_records?: number
}

/**
 * The event log: producers, consumer groups with atomic read-process-write,
 * compacted tables, and plain reading. Two drivers keep this one contract:
 * embedded (LMDB, one machine) and Kafka. The suite in
 * `test/support/log/event-log-contract.ts` says what they must do alike.
 */
export interface EventLog {
  /**
   * Appends all or none; resolves when it is on disk, so that what is acknowledged survives a crash.
   * @throws GatewatchError `ERR_LOG_UNAVAILABLE` when the log is away for longer than its driver waits; the
   *   records may have been written nevertheless, and are not written again when the same ones are repeated.
   */
  append(records: readonly OutRecord[], options?: AppendOptions): Promise<void>
  consume(options: ConsumeOptions): Promise<Consumption>
  openTable(topic: LogTopic): Promise<Table>
  /** Reads a range in batches, without a group. */
  read(topic: LogTopic, options: ReadOptions): AsyncIterable<readonly LogRecord[]>
  partitions(topic: LogTopic): number
  watermarks(topic: LogTopic): Promise<readonly Watermarks[]>
  /** Next offset to be handled by a group, by partition; absent where it never committed. */
  committed(group: string, topic: LogTopic): Promise<ReadonlyMap<number, number>>
  /** Whether some living process, this one included, is a member of the group. */
  hasMembers(group: string): Promise<boolean>
  close(): Promise<void>
}

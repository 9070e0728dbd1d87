import { setImmediate as turn } from 'node:timers/promises'
import type { LogTopic } from '../../../../schemas/topics.ts'
import { batchToken } from '../batch-token.ts'
import type { Batch, ConsumeOptions, PartitionRecords } from '../event-log.ts'
import type { Claim } from './group.ts'
import { readRange, type Range } from './reader.ts'
import type { StoredRecord } from './block.ts'
import type { PinnedPart, Store } from './store.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
const MAX_RECORDS = 1000
/** Records decoded before others get a turn: some 14 µs each, so that a large batch holds nobody up for long. */
const SLICE = 128

/** The pause before the next try of what failed, after one of `pauseMs`. */
export function nextPauseMs(pauseMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, pauseMs * 2))
}

export interface LaneBatch extends Batch {
  /** What a commit proves and moves on. */
  readonly moves: readonly { readonly claim: Claim; readonly next: number }[]
}

/**
 * What batches are made from: one partition, or all of a topic's when the
 * group spans partitions. A lane whose handler fails waits alone.
 */
export class Lane {
  readonly topic: LogTopic
  readonly name: string
  readonly claims: { readonly claim: Claim; next: number }[] = []
  /** A batch that was handed out and not committed: it comes again as it was. */
  held: LaneBatch | undefined
  pinned: readonly PinnedPart[] | undefined
  /** Set while `pinned` was written down with the commit before, and the handler has not seen the batch yet. */
  pinning: Promise<void> | undefined
  #upcoming: Promise<LaneBatch | undefined> | undefined
  notBefore = 0
  #pauseMs = 0
  #firstSeen = 0
  readonly #store: Store
  readonly #options: ConsumeOptions

  constructor(store: Store, options: ConsumeOptions, topic: LogTopic, name: string) {
    this.#store = store
    this.#options = options
    this.topic = topic
    this.name = name
  }

  failed(now: number): void {
    this.#pauseMs = nextPauseMs(this.#pauseMs)
    this.notBefore = now + this.#pauseMs
  }

  /** The batch is committed; `following`: the next one, whose ranges were written down in the same transaction. */
  done(batch: LaneBatch, following?: { readonly batch: LaneBatch; readonly durable: Promise<void> }): void {
    for (const { claim, next } of batch.moves) {
      for (const mine of this.claims) if (mine.claim === claim) mine.next = next
    }
    this.held = following?.batch
    this.pinned = following?.batch.parts.map(rangeOf)
    this.pinning = following?.durable
    this.#upcoming = undefined
    this.notBefore = 0
    this.#pauseMs = 0
    this.#firstSeen = 0
  }

  /** Whether `next` has a batch; when not, `notBefore` says whether to look again soon. */
  ready(now: number): boolean {
    return this.held !== undefined || this.pinned !== undefined || this.#enough(now)
  }

  /** The next batch, or undefined when there is none. */
  async next(): Promise<LaneBatch | undefined> {
    if (this.held !== undefined) return this.held
    if (this.pinned !== undefined) return (this.held = await this.#repeat(this.pinned))
    return (this.held = await this.#take(this.claims))
  }

  /**
   * The batch after the one in hand, read while that one is handled; undefined unless so much
   * waits that waiting longer would hardly make it larger.
   */
  ahead(): Promise<LaneBatch | undefined> {
    return (this.#upcoming ??= this.#readAhead())
  }

  async #readAhead(): Promise<LaneBatch | undefined> {
    const moves = this.held?.moves ?? []
    const after = this.claims.map(({ claim, next }) => ({
      claim,
      next: moves.find((move) => move.claim === claim)?.next ?? next,
    }))
    const { max_records = MAX_RECORDS } = this.#options
    const batch = this.#waiting(after) * 4 < max_records ? undefined : await this.#take(after)
    return batch?.parts.length === 0 ? undefined : batch
  }

  async #take(
    claims: readonly { readonly claim: Claim; readonly next: number }[],
  ): Promise<LaneBatch | undefined> {
    const { max_records = MAX_RECORDS, max_bytes = 4 * 1024 * 1024 } = this.#options
    const parts: PartitionRecords[] = []
    const moves: { claim: Claim; next: number }[] = []
    let records = max_records
    let bytes = max_bytes
    for (const { claim, next } of claims) {
      const head = this.#store.head(this.topic.name, claim.partition)
      if (next >= head.next || records <= 0 || bytes <= 0) continue
      const range = {
        partition: claim.partition,
        from: next,
        to: head.next,
        maxRecords: records,
        maxBytes: bytes,
      }
      const part = await this.#part(range)
      if (part === undefined) {
        // Everything up to the head was superseded or too old: nothing to hand out, but the group is past it.
        moves.push({ claim, next: head.next })
        continue
      }
      parts.push(part)
      moves.push({ claim, next: part.last_offset + 1 })
      records -= part.records.length
      for (const { value } of part.records) bytes -= value?.length ?? 0
    }
    if (moves.length === 0) return undefined
    return { parts, token: this.#token(parts), moves }
  }

  async #repeat(pinned: readonly PinnedPart[]): Promise<LaneBatch> {
    const parts: PartitionRecords[] = []
    const moves: { claim: Claim; next: number }[] = []
    for (const { partition, first, last } of pinned) {
      const claim = this.claims.find((mine) => mine.claim.partition === partition)?.claim
      if (claim === undefined) continue
      moves.push({ claim, next: last + 1 })
      const range = { partition, from: first, to: last + 1, maxRecords: Infinity, maxBytes: Infinity }
      const part = await this.#part(range)
      // The range is what was written down, even if retention has cut its first records off since.
      if (part !== undefined) parts.push({ ...part, first_offset: first, last_offset: last })
    }
    return { parts, token: batchToken(this.#options.group, this.topic.name, pinned), moves }
  }

  async #part(range: Range): Promise<PartitionRecords | undefined> {
    const records = await this.#read(range)
    const [first, last] = [records[0], records[records.length - 1]]
    if (first === undefined || last === undefined) return undefined
    const { topic } = this
    return {
      topic,
      partition: range.partition,
      records,
      first_offset: first.offset,
      last_offset: last.offset,
    }
  }

  async #read(range: Range): Promise<StoredRecord[]> {
    const store = this.#store.topic(this.topic)
    const records: StoredRecord[] = []
    let { from, maxRecords, maxBytes } = range
    for (;;) {
      const slice = readRange(store, { ...range, from, maxRecords: Math.min(SLICE, maxRecords), maxBytes })
      const last = slice[slice.length - 1]
      if (last === undefined) return records
      for (const record of slice) {
        records.push(record)
        maxBytes -= record.value?.length ?? 0
      }
      maxRecords -= slice.length
      from = last.offset + 1
      if (maxRecords <= 0 || maxBytes <= 0 || from >= range.to) return records
      await turn()
    }
  }

  #enough(now: number): boolean {
    const { min_records = 1, linger_ms = 0 } = this.#options
    const available = this.#waiting(this.claims)
    if (available === 0) return false
    if (available >= min_records || linger_ms === 0) return true
    this.#firstSeen ||= now
    this.notBefore = this.#firstSeen + linger_ms
    return now >= this.notBefore
  }

  #waiting(claims: readonly { readonly claim: Claim; readonly next: number }[]): number {
    let waiting = 0
    for (const { claim, next } of claims) {
      waiting += Math.max(0, this.#store.head(this.topic.name, claim.partition).next - next)
    }
    return waiting
  }

  #token(parts: readonly PartitionRecords[]): string {
    return batchToken(this.#options.group, this.topic.name, parts.map(rangeOf))
  }
}

export function rangeOf(part: PartitionRecords): PinnedPart {
  return { partition: part.partition, first: part.first_offset, last: part.last_offset }
}

import type { LogTopic } from '../../../../../schemas/topics.ts'
import { batchToken } from '../../batch-token.ts'
import type { Batch, ConsumeOptions, PartitionRecords } from '../../event-log.ts'
import type { Claimed, Pin } from '../group/claims.ts'
import { noteOf } from '../group/claims.ts'
import type { Move } from '../commit/group-committer.ts'
import type { LanePart } from './lane-part.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** A position that moved over control records alone is committed after this, if nothing else comes to be committed with. */
const CONTROL_MS = 20

export interface LaneBatch extends Batch {
  readonly moves: readonly Move[]
}

export type LaneState = 'claiming' | 'ours' | 'leaving' | 'lost'

/**
 * What batches are made from: one partition, or all of a topic's when the
 * group spans partitions. Each lane has a loop of its own, so one whose handler
 * fails, or whose partition is far behind, holds up no other.
 */
export class Lane {
  readonly name: string
  readonly topic: LogTopic
  /** Its partitions, by number. */
  readonly partitions: readonly number[]
  state: LaneState = 'claiming'
  parts: LanePart[] = []
  /** A batch that was handed out and not committed: it comes again as it was. */
  held: LaneBatch | undefined
  pins: readonly Pin[] | undefined
  /** Whether it waits for the end of a transaction, and for nothing else: a pause after a failure is not cut short. */
  gated = false
  /** Whether the state of its partitions is being loaded. */
  loading = false
  /** Since when the handler has had the batch; for the watchdog. */
  handlingSince: number | undefined
  /** Since when its commit has been under way; since when its partitions have been asked for. */
  committingSince: number | undefined
  readonly claimingSince = performance.now()
  /** Once it is being let go. */
  letting: Promise<void> | undefined
  /** The lane's loop, once it runs. */
  ended: Promise<void> = Promise.resolve()
  readonly #options: ConsumeOptions
  #pauseMs = 0
  #firstSeen = 0
  #wake = () => {}

  constructor(name: string, topic: LogTopic, partitions: readonly number[], options: ConsumeOptions) {
    this.name = name
    this.topic = topic
    this.partitions = partitions
    this.#options = options
  }

  begin(parts: LanePart[], claimed: readonly Claimed[]): void {
    this.parts = parts
    this.state = 'ours'
    const pins = claimed.flatMap(({ pin }) => (pin === undefined ? [] : [pin]))
    // A group that doesn't pin any more handles what was pinned as any other records.
    if (pins.length > 0 && this.#options.pinned === true) this.pins = pins
  }

  wake(): void {
    this.#wake()
  }

  /** Another lane of the group has done with waiting: what waits here goes with it, in the same transaction. */
  hurry(): void {
    if (this.#firstSeen === 0) return
    this.#firstSeen = -Infinity
    this.#wake()
  }

  /** Resolves when woken, or after `ms`. */
  async sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const timer = setTimeout(resolve, ms)
    await promise
    clearTimeout(timer)
  }

  /** Says how long to wait before the next try. */
  failed(): number {
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2))
    return this.#pauseMs
  }

  committed(): void {
    for (const { partition, next } of this.held?.moves ?? []) {
      const part = this.parts.find((one) => one.partition === partition)
      if (part !== undefined) part.committed = Math.max(part.committed, next)
    }
    this.held = undefined
    this.pins = undefined
    this.#pauseMs = 0
    this.#firstSeen = 0
  }

  /** The next batch, or how long to wait before looking again (less, if woken). */
  next(now: number): LaneBatch | number {
    if (this.held !== undefined) return this.held
    if (this.pins !== undefined) return this.#repeat(this.pins)
    const { max_records = 1000, max_bytes = 4 * 1024 * 1024 } = this.#options
    const wait = this.#wait(now, max_records)
    if (wait > 0) return wait
    const parts: PartitionRecords[] = []
    const moves: Move[] = []
    let [records, bytes] = [max_records, max_bytes]
    for (const part of this.parts) {
      if (records <= 0 || bytes <= 0) break
      const taken = part.next(records, bytes)
      if (taken === undefined) continue
      parts.push(partOf(this.topic, part.partition, taken.records))
      moves.push({ topic: part.topic, partition: part.partition, next: taken.next })
      records -= taken.records.length
      bytes -= taken.bytes
    }
    if (parts.length === 0) return this.#controlOnly(now)
    this.held = { parts, moves, token: this.#token(parts) }
    return this.held
  }

  /**
   * Whether a batch had better be made later: it would not be full, and could take
   * along what still comes while the transaction before it is under way.
   */
  get patient(): boolean {
    if (this.held !== undefined || this.pins !== undefined) return false
    const available = this.parts.reduce((sum, part) => sum + part.available, 0)
    return available < (this.#options.max_records ?? 1000) && !this.parts.some((part) => part.room() === 0)
  }

  /** What is to be written beside the offsets before a pinned batch is handled. */
  pinning(batch: LaneBatch, ids: readonly string[]): Move[] {
    return batch.moves.map(({ topic, partition, next }) => {
      const part = batch.parts.find((one) => one.partition === partition)
      const at = this.parts.find((one) => one.partition === partition)?.committed ?? 0
      const range = { partition, first: part?.first_offset ?? at, last: part?.last_offset ?? at, next }
      return { topic, partition, next: at, note: noteOf(ids, range) }
    })
  }

  #wait(now: number, maxRecords: number): number {
    const { min_records = 1, linger_ms = 0 } = this.#options
    const available = this.parts.reduce((sum, part) => sum + part.available, 0)
    if (available === 0) return this.parts.some((part) => part.onlyControl) ? 0 : 1_000
    const full = this.parts.some((part) => part.room() === 0)
    if (available >= Math.min(min_records, maxRecords) || linger_ms === 0 || full) return 0
    this.#firstSeen ||= now
    return Math.max(0, this.#firstSeen + linger_ms - now)
  }

  /** No records, but the offsets are past what is committed: a commit of its own, or the group seems to lag. */
  #controlOnly(now: number): LaneBatch | number {
    const behind = this.parts.filter((part) => part.onlyControl)
    if (behind.length === 0) return 1_000
    const since = Math.max(...behind.map(({ movedAt }) => movedAt))
    if (now - since < CONTROL_MS) return CONTROL_MS - (now - since)
    const moves = behind.map(({ topic, partition, position }) => ({ topic, partition, next: position }))
    this.held = { parts: [], moves, token: '' }
    return this.held
  }

  /** The very ranges that were written down, once all of them has been read. */
  #repeat(pins: readonly Pin[]): LaneBatch | number {
    const mine = pins.flatMap((pin) => {
      const part = this.parts.find(({ partition }) => partition === pin.partition)
      return part === undefined ? [] : [{ pin, part }]
    })
    if (mine.some(({ pin, part }) => part.position <= pin.last)) return 1_000
    const parts: PartitionRecords[] = []
    const moves: Move[] = []
    for (const { pin, part } of mine) {
      const taken = part.next(Infinity, Infinity, pin.last + 1)
      const next = Math.max(pin.next, taken?.next ?? 0)
      moves.push({ topic: part.topic, partition: pin.partition, next })
      // The range is what was written down, even if retention has cut its first records off since.
      if (taken !== undefined) {
        parts.push({
          ...partOf(this.topic, pin.partition, taken.records),
          first_offset: pin.first,
          last_offset: pin.last,
        })
      }
    }
    this.held = { parts, moves, token: batchToken(this.#options.group, this.topic.name, pins) }
    return this.held
  }

  #token(parts: readonly PartitionRecords[]): string {
    const ranges = parts.map(({ partition, first_offset: first, last_offset: last }) => ({
      partition,
      first,
      last,
    }))
    return batchToken(this.#options.group, this.topic.name, ranges)
  }
}

function partOf(topic: LogTopic, partition: number, records: PartitionRecords['records']): PartitionRecords {
  const [first, last] = [records[0]?.offset ?? 0, records[records.length - 1]?.offset ?? 0]
  return { topic, partition, records, first_offset: first, last_offset: last }
}

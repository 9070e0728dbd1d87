import type { LogRecord } from '../../event-log.ts'
import type { Part } from '../group/assign.ts'
import type { Budget } from './budget.ts'
import type { Feed } from './feed.ts'

/** Of one fetch from one partition; a larger record comes all the same. */
const FETCH_BYTES = 1_048_576

interface Chunk {
  readonly records: readonly LogRecord[]
  readonly bytes: number
  /** Where reading goes on after it: past the control records that follow. */
  readonly end: number
  taken: number
}

export interface Taken {
  readonly records: readonly LogRecord[]
  readonly bytes: number
  /** The offset to commit with them. */
  readonly next: number
}

/**
 * What was read ahead of one partition. A full one is left out of fetches until
 * there is room; while others fill the budget, an empty one may still have a
 * fetch's worth, so that a partition that is stuck starves none.
 */
export class LanePart implements Feed {
  readonly topic: string
  readonly partition: number
  position: number
  /** What the group has committed for it, as far as we know. */
  committed: number
  high = 0
  /** When something was last read, or the position was looked at and nothing was missing; of `performance.now`. */
  movedAt = performance.now()
  readonly #chunks: Chunk[] = []
  readonly #budget: Budget
  readonly #most: number
  readonly #changed: () => void
  readonly #freed: () => void
  #bytes = 0
  #count = 0

  constructor(
    part: Part,
    from: number,
    limits: { readonly most: number; readonly budget: Budget },
    told: { readonly changed: () => void; readonly freed: () => void },
  ) {
    this.topic = part.topic
    this.partition = part.partition
    this.position = from
    this.committed = from
    this.#most = limits.most
    this.#budget = limits.budget
    this.#changed = told.changed
    this.#freed = told.freed
  }

  get available(): number {
    return this.#count
  }

  room(): number {
    if (this.#bytes >= this.#most) return 0
    if (this.#bytes === 0) return FETCH_BYTES
    return Math.min(FETCH_BYTES, this.#budget.left)
  }

  take(records: readonly LogRecord[], bytes: number): void {
    this.movedAt = performance.now()
    if (records.length > 0) {
      this.#chunks.push({ records, bytes, end: this.position, taken: 0 })
      this.#bytes += bytes
      this.#budget.add(bytes)
      this.#count += records.length
    } else {
      // Only control records or compacted ones: they belong to what is before them.
      const last = this.#chunks.pop()
      if (last !== undefined) this.#chunks.push({ ...last, end: this.position })
    }
    this.#changed()
  }

  seen(high: number): void {
    this.high = high
    if (this.position >= high) this.movedAt = performance.now()
  }

  /** Takes records, oldest first; one at least, if there is any below `before`. */
  next(maxRecords: number, maxBytes: number, before = Infinity): Taken | undefined {
    const records: LogRecord[] = []
    let bytes = 0
    let next = -1
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const start = chunk.taken
      for (; chunk.taken < chunk.records.length; chunk.taken++) {
        const record = chunk.records[chunk.taken]
        if (record === undefined || record.offset >= before) break
        const size = (record.value?.length ?? 0) + record.key.length
        if (records.length > 0 && (records.length >= maxRecords || bytes + size > maxBytes)) break
        records.push(record)
        bytes += size
        next = record.offset + 1
      }
      if (chunk.taken < chunk.records.length) break
      this.#chunks.shift()
      this.#free(chunk.bytes)
      if (chunk.taken > start) next = chunk.end
    }
    this.#count -= records.length
    return records.length === 0 ? undefined : { records, bytes, next }
  }

  /** Everything that was read has been handed out, and `position` is past what the group has committed. */
  get onlyControl(): boolean {
    return this.#count === 0 && this.position > this.committed
  }

  /** Gives its bytes back: the partition is another's, or is read anew. */
  clear(): void {
    this.#budget.add(-this.#bytes)
    this.#bytes = 0
    this.#count = 0
    this.#chunks.length = 0
  }

  #free(bytes: number): void {
    this.#bytes -= bytes
    this.#budget.add(-bytes)
    this.#freed()
  }
}

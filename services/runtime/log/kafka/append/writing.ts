import { randomUUID } from 'node:crypto'
import type { AppendOptions, OutRecord } from '../../event-log.ts'
import type { LogMetrics } from '../../log-metrics.ts'
import { Appender, type Handed } from './appender.ts'
import { AtomicAppender } from './atomic-appender.ts'
import { Doubts } from './doubts.ts'
import type { Names } from '../names.ts'
import { checkRecords, piecesOf } from '../commit/pieces.ts'
import { Transactor, type Written } from '../commit/transactor.ts'
import { unavailable } from '../wire/faults.ts'
import type { Link } from '../wire/link.ts'
import type { Compression } from '../wire/record-batch.ts'
import { within } from '../../../within.ts'

export interface WritingParts {
  readonly link: Link
  readonly names: Names
  readonly compression: Compression
  readonly metrics: LogMetrics | undefined
  /** How long an append waits for the brokers before it says `ERR_LOG_UNAVAILABLE`, ms. */
  readonly wait_ms: number
}

/**
 * `append`: what fits in one batch of one partition is written by the
 * idempotent producer, which costs one round trip; what must stand or fall
 * together beyond that needs a transaction.
 *
 * A caller waits at most `wait_ms`. What had not been sent by then never will
 * be; what had may be there, and is remembered: the same record brought again
 * is not written twice (`Doubts`).
 */
export class Writing {
  readonly #parts: WritingParts
  readonly #appender: Appender
  readonly #atomic: AtomicAppender
  readonly #doubts = new Doubts()
  readonly #open = new Set<Promise<unknown>>()

  constructor(parts: WritingParts) {
    this.#parts = parts
    this.#appender = new Appender(parts)
    const id = parts.names.transaction(`append.${randomUUID()}`)
    this.#atomic = new AtomicAppender(new Transactor({ ...parts, id, ending_ms: Infinity }))
  }

  /** Resolves with where the records are. */
  async append(
    records: readonly OutRecord[],
    { independent = false }: AppendOptions = {},
  ): Promise<Written[]> {
    checkRecords(records, this.#parts.names)
    const parts: { readonly records: readonly OutRecord[]; readonly done: Promise<readonly Written[]> }[] = []
    const fresh: OutRecord[] = []
    for (const record of records) {
      const fate = this.#doubts.take(record)
      if (fate === undefined) fresh.push(record)
      else parts.push({ records: [record], done: this.#within([record], { fate, withdraw: () => false }) })
    }
    const pieces = piecesOf(fresh, this.#parts.names)
    if (independent || pieces.length === 1) {
      for (const piece of pieces) {
        parts.push({
          records: piece.records,
          done: this.#within(piece.records, this.#appender.append(piece)),
        })
      }
    } else if (pieces.length > 0) {
      parts.push({ records: fresh, done: this.#within(fresh, this.#atomic.append(pieces)) })
    }
    const settled = await Promise.allSettled(parts.map(({ done }) => done))
    const failed = settled.find((one) => one.status === 'rejected')
    if (failed === undefined) return settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    // The caller will bring them all again, those that are there already too.
    for (const [index, one] of settled.entries()) {
      if (one.status === 'fulfilled') this.#doubts.add(parts[index]?.records ?? [], Promise.resolve([]))
    }
    throw failed.reason
  }

  /** Waits for what is under way, at most as long as its callers do. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#open)
    this.#appender.close()
    this.#atomic.close()
  }

  async #within(records: readonly OutRecord[], handed: Handed): Promise<readonly Written[]> {
    const { fate } = handed
    const waiting = within(fate, this.#parts.wait_ms)
    this.#open.add(waiting)
    try {
      const written = await waiting
      if (written !== 'late') return written
    } finally {
      this.#open.delete(waiting)
    }
    if (!handed.withdraw()) this.#doubts.add(records, fate)
    throw unavailable('no answer in time')
  }
}

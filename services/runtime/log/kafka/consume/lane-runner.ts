import type { ConsumeOptions, OutRecord } from '../../event-log.ts'
import type { LogMetrics } from '../../log-metrics.ts'
import type { Fetcher } from './fetcher.ts'
import { Fenced, type GroupCommitter } from '../commit/group-committer.ts'
import type { Lane, LaneBatch } from './lane.ts'
import type { Names } from '../names.ts'
import { checkRecords, piecesOf } from '../commit/pieces.ts'
import type { Written } from '../commit/transactor.ts'
import { Turns } from './turns.ts'

export interface LaneRunnerParts {
  readonly names: Names
  readonly fetcher: Fetcher
  readonly committer: GroupCommitter
  /** Our transactional ids, which a pinned range is signed with. */
  readonly ids: readonly string[]
  readonly metrics: LogMetrics | undefined
  /** Resolves when the tables of this client show what was just committed. */
  readonly shown: (written: readonly Written[]) => Promise<void>
}

/** Until the lane looks again, should nobody wake it. */
const BUSY_MS = 1_000

/** Loads, handles and commits, lane by lane; the handler has one batch at a time unless it says that it can take more. */
export class LaneRunner {
  readonly #parts: LaneRunnerParts
  readonly #options: ConsumeOptions
  readonly #turns = new Turns()
  readonly #running = new Set<Lane>()

  constructor(parts: LaneRunnerParts, options: ConsumeOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Ends when the lane is ours no longer, after the batch in hand. */
  async run(lane: Lane): Promise<void> {
    await this.#load(lane)
    this.#running.add(lane)
    for (const part of lane.parts) if (lane.state === 'ours') this.#parts.fetcher.add(part)
    while (lane.state === 'ours') {
      lane.gated = this.#parts.committer.busy && lane.patient
      const batch = lane.gated ? BUSY_MS : lane.next(performance.now())
      if (typeof batch === 'number') {
        await lane.sleep(batch)
        continue
      }
      this.#depart(lane)
      await this.#take(lane, batch)
    }
    this.#running.delete(lane)
  }

  /**
   * Lanes that let their batches fill go together: each by its own clock, they would make a transaction each
   * within `linger_ms`, and with a dozen partitions that is one after the other again. Not those of pinned
   * groups, whose batches cost a store an insert each, and no transaction.
   */
  #depart(lane: Lane): void {
    const { linger_ms = 0, pinned } = this.#options
    if (linger_ms === 0 || pinned === true) return
    for (const other of this.#running) if (other !== lane) other.hurry()
  }

  tellFailed(error: unknown): void {
    try {
      this.#options.failed?.(error)
    } catch {
      // Who is told of failures can't be told of its own.
    }
  }

  async #load(lane: Lane): Promise<void> {
    const { assigned } = this.#options
    lane.loading = true
    for (const partition of lane.partitions) {
      while (lane.state === 'ours') {
        try {
          await assigned?.(lane.topic, partition)
          break
        } catch (error) {
          this.tellFailed(error)
          await lane.sleep(lane.failed())
        }
      }
    }
    lane.loading = false
  }

  async #take(lane: Lane, batch: LaneBatch): Promise<void> {
    const { metrics, names, committer } = this.#parts
    const { group } = this.#options
    const valid = () => lane.state !== 'lost'
    const began = performance.now()
    try {
      const outputs = batch.parts.length > 0 ? await this.#handle(lane, batch, valid) : []
      if (!valid()) throw new Fenced()
      checkRecords(outputs, names)
      lane.committingSince = performance.now()
      const written = await committer.commit(batch.moves, piecesOf(outputs, names), valid)
      lane.committed()
      await this.#parts.shown(written)
    } catch (error) {
      if (error instanceof Fenced) {
        metrics?.fenced(group)
        lane.state = 'lost'
        return
      }
      metrics?.failed(group)
      this.tellFailed(error)
      lane.committingSince = undefined
      await lane.sleep(lane.failed())
      return
    } finally {
      lane.handlingSince = undefined
      lane.committingSince = undefined
    }
    const seconds = (performance.now() - began) / 1000
    for (const { topic, records } of batch.parts) metrics?.handled(group, topic.name, records.length, seconds)
  }

  async #handle(lane: Lane, batch: LaneBatch, valid: () => boolean): Promise<readonly OutRecord[]> {
    const { pinned, concurrent, handle } = this.#options
    if (pinned === true && lane.pins === undefined) {
      // Written down before the handler sees it, so that a crash repeats the same ranges under the same token.
      await this.#parts.committer.commit(lane.pinning(batch, this.#parts.ids), [], valid)
      lane.pins = []
    }
    const call = async () => {
      if (!valid()) throw new Fenced()
      lane.handlingSince = performance.now()
      try {
        return await handle(batch)
      } finally {
        lane.handlingSince = undefined
      }
    }
    return concurrent === true ? await call() : await this.#turns.take(call)
  }
}

import { closedError } from '../../closed-error.ts'
import type { Handed } from './appender.ts'
import { Pauses } from '../pauses.ts'
import type { Piece } from '../commit/pieces.ts'
import { NotCommitted, type Transactor, type Written } from '../commit/transactor.ts'
import { isPassing, toLogError } from '../wire/faults.ts'

/** Of one transaction, so that readers of its partitions don't wait long. */
const MAX_RECORDS = 20_000
const MAX_BYTES = 8 * 1024 * 1024

interface Job {
  readonly pieces: readonly Piece[]
  readonly records: number
  readonly bytes: number
  readonly done: PromiseWithResolvers<readonly Written[]>
}

/**
 * Appends that stand or fall together over several partitions: a transaction
 * each, shared by what was handed in while the last one ran. A fault that
 * passes is waited out; one that doesn't is tried again job by job, so that
 * one caller's mistake costs the others nothing.
 */
export class AtomicAppender {
  readonly #transactor: Transactor
  readonly #queue: Job[] = []
  #running = false
  #singly = 0
  #closed = false

  constructor(transactor: Transactor) {
    this.#transactor = transactor
  }

  append(pieces: readonly Piece[]): Handed {
    const job: Job = {
      pieces,
      records: pieces.reduce((sum, piece) => sum + piece.records.length, 0),
      bytes: pieces.reduce((sum, piece) => sum + piece.bytes, 0),
      done: Promise.withResolvers<readonly Written[]>(),
    }
    this.#queue.push(job)
    void this.#run()
    return {
      fate: job.done.promise,
      withdraw: () => {
        const index = this.#queue.indexOf(job)
        if (index >= 0) this.#queue.splice(index, 1)
        return index >= 0
      },
    }
  }

  close(): void {
    this.#closed = true
    for (const { done } of this.#queue.splice(0)) done.reject(closedError())
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    const pauses = new Pauses(20, 500)
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const jobs = this.#take()
      try {
        const written = await this.#transactor.run(jobs.flatMap(({ pieces }) => pieces))
        pauses.reset()
        for (const { done, pieces } of jobs)
          done.resolve(written.filter(({ piece }) => pieces.includes(piece)))
      } catch (error) {
        if (this.#failed(jobs, error)) await pauses.wait()
      }
    }
    this.#running = false
  }

  /** Whether the same is tried again. */
  #failed(jobs: readonly Job[], error: unknown): boolean {
    const cause = error instanceof NotCommitted ? error.cause : error
    const again = !this.#closed && error instanceof NotCommitted && error.fate === 'aborted'
    if (again && (isPassing(cause) || jobs.length > 1)) {
      if (!isPassing(cause)) this.#singly = jobs.length
      this.#queue.unshift(...jobs)
      return true
    }
    for (const { done } of jobs) done.reject(toLogError(cause))
    return false
  }

  #take(): Job[] {
    if (this.#singly > 0) {
      this.#singly--
      return this.#queue.splice(0, 1)
    }
    let [count, records, bytes] = [0, 0, 0]
    for (const job of this.#queue) {
      if (count > 0 && (records + job.records > MAX_RECORDS || bytes + job.bytes > MAX_BYTES)) break
      records += job.records
      bytes += job.bytes
      count++
    }
    return this.#queue.splice(0, count)
  }
}

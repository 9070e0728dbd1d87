import type { OutRecord } from '../event-log.ts'
import type { LogMetrics } from '../log-metrics.ts'
import { BlockWriter, checkRecord } from './block-writer.ts'
import { closedError } from '../closed-error.ts'
import { BehindNewest, newestCommit, proveNewest } from '../../lmdb/newest.ts'
import { toLogError } from './errors.ts'
import type { Store } from './store.ts'

/** Transactions under way at once. Each holds a thread of libuv's pool of four while the disk flushes. */
const MAX_IN_FLIGHT = 2
/** Records and bytes of one transaction, so that the write lock is never held for long. */
const MAX_RECORDS = 20_000
const MAX_BYTES = 8 * 1024 * 1024

/**
 * A transaction that takes longer may wait for one of LMDB's own loops, which
 * ends only when the number of the newest transaction is set right again. On a
 * disk that is slower than this, a process is started now and then in vain.
 */
const LATE_MS = 5_000

/** LMDB's status codes of a write: the transaction can be read, its disk flush is still under way. */
const VISIBLE = 1

export interface Job {
  readonly records: readonly OutRecord[]
  /** Runs under the write lock before anything of the job is written; what it throws fails this job alone. It only reads. */
  readonly check?: () => void
  /** Writes further rows, in the same transaction as the records. */
  readonly apply?: () => void
}

export interface Commit {
  /** Readers in every process see it. */
  readonly visible: Promise<void>
  /** It is on disk. */
  readonly durable: Promise<void>
}

interface Queued extends Job {
  readonly bytes: number
  readonly seen: PromiseWithResolvers<void>
  readonly kept: PromiseWithResolvers<void>
}

interface Batch {
  jobs: Queued[]
  transaction: number
  visible: boolean
}

/**
 * Group commit: whatever has been handed in when the write lock is had goes
 * into one transaction, all or nothing.
 *
 * Two moments matter. *Visible*: LMDB has committed, every process can read
 * it, the pages are in the system's cache. A crash of processes loses nothing
 * from here on. *Durable*: the disk has been flushed. An acknowledgement waits
 * for the second; readers go on from the first. They may: a reader's own
 * commit is a later transaction of the same environment, LMDB's flush covers
 * all transactions up to the one that it records (`overlappingSync` keeps the
 * last flushed snapshot's pages untouched and writes its meta page after the
 * data), so a later commit is never durable before an earlier one. After a
 * power cut the log is at some transaction's end, with all before it.
 *
 * lmdb's promise of a transaction resolves after the flush, though its README
 * speaks of the commit; the earlier moment is told only to the callback of
 * `startWriting`, so that is listened to. Should a later version no longer
 * tell, the flush takes its place: slower, not wrong.
 */
export class Committer {
  readonly #store: Store
  readonly #metrics: LogMetrics | undefined
  readonly #committed: (records: boolean) => void
  #queue: Queued[] = []
  #executed: Batch[] = []
  #inFlight = 0
  #waiting = 0
  #closed = false
  #scratch: Buffer = Buffer.allocUnsafeSlow(1024 * 1024)
  readonly #idle = new Set<() => void>()

  constructor(store: Store, metrics: LogMetrics | undefined, committed: (records: boolean) => void) {
    this.#store = store
    this.#metrics = metrics
    this.#committed = committed
    this.#listen()
  }

  submit(job: Job): Commit {
    if (this.#closed) throw closedError()
    let bytes = 0
    for (const record of job.records) {
      checkRecord(record, this.#store.topic(record.topic))
      bytes += record.value === null ? 64 : record.value.length + 64
    }
    const queued: Queued = {
      ...job,
      bytes,
      seen: Promise.withResolvers<void>(),
      kept: Promise.withResolvers<void>(),
    }
    // Who waits for one moment does not wait for the other; a failure is told to both.
    queued.seen.promise.catch(ignore)
    queued.kept.promise.catch(ignore)
    this.#queue.push(queued)
    this.#start()
    return { visible: queued.seen.promise, durable: queued.kept.promise }
  }

  /** Takes nothing more and waits for what was taken. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#queue.length > 0 || this.#inFlight > 0) {
      await new Promise<void>((resolve) => this.#idle.add(resolve))
    }
  }

  /** One transaction waits for the lock at a time: what comes meanwhile joins it. */
  #start(): void {
    if (this.#queue.length === 0 || this.#waiting > 0 || this.#inFlight >= MAX_IN_FLIGHT) return
    this.#inFlight++
    this.#waiting++
    const batch: Batch = { jobs: [], transaction: 0, visible: false }
    void this.#run(batch).finally(() => {
      this.#inFlight--
      this.#start()
      for (const resolve of this.#idle) resolve()
      this.#idle.clear()
    })
  }

  async #run(batch: Batch): Promise<void> {
    let began = false
    const failed: [Queued, unknown][] = []
    const late = setInterval(() => void this.#store.mend().catch(ignore), LATE_MS)
    try {
      // A child transaction, because only that is undone when its callback throws.
      const done = this.#store.env.childTransaction(() => {
        proveNewest(this.#store.env)
        began = true
        this.#waiting--
        batch.jobs = this.#take()
        batch.transaction = this.#store.env.getWriteTxnId()
        this.#executed.push(batch)
        this.#write(batch, failed)
        this.#start()
      })
      const flushed = this.#store.env.flushed
      await done
      await flushed
    } catch (error) {
      if (error instanceof BehindNewest) return await this.#again()
      if (!began) {
        this.#waiting--
        batch.jobs = this.#take()
      }
      const fault = toLogError(await commitError(error))
      this.#executed = this.#executed.filter((other) => other !== batch)
      for (const job of batch.jobs) {
        job.seen.reject(fault)
        job.kept.reject(fault)
      }
      return
    } finally {
      clearInterval(late)
    }
    for (const [job, error] of failed) {
      job.seen.reject(error)
      job.kept.reject(error)
    }
    this.#seen(batch)
    for (const job of batch.jobs) job.kept.resolve()
  }

  /** Nothing was written: what waits stays in the queue for the transaction after this one. */
  async #again(): Promise<void> {
    try {
      await this.#store.mend()
    } catch (error) {
      for (const job of this.#queue.splice(0)) {
        job.seen.reject(error)
        job.kept.reject(error)
      }
    } finally {
      this.#waiting--
    }
  }

  #take(): Queued[] {
    let records = 0
    let bytes = 0
    let count = 0
    for (const job of this.#queue) {
      if (count > 0 && (records + job.records.length > MAX_RECORDS || bytes + job.bytes > MAX_BYTES)) break
      records += job.records.length
      bytes += job.bytes
      count++
    }
    return this.#queue.splice(0, count)
  }

  #write(batch: Batch, failed: [Queued, unknown][]): void {
    const passed: Queued[] = []
    const writer = new BlockWriter(this.#store, this.#scratch, Date.now())
    for (const job of batch.jobs) {
      try {
        job.check?.()
      } catch (error) {
        failed.push([job, error])
        continue
      }
      passed.push(job)
      // Rows are written before the next job's check, which may read them.
      job.apply?.()
      for (const record of job.records) writer.add(record)
    }
    this.#scratch = writer.finish()
    batch.jobs = passed
    if (this.#metrics !== undefined) {
      for (const { topic, records, bytes } of writer.written.values())
        this.#metrics.appended(topic, records, bytes)
    }
  }

  #seen(batch: Batch): void {
    if (batch.visible) return
    batch.visible = true
    this.#executed = this.#executed.filter((other) => other !== batch)
    this.#store.refresh()
    for (const job of batch.jobs) job.seen.resolve()
    this.#committed(batch.jobs.some((job) => job.records.length > 0))
  }

  /** Hears when a transaction has become visible: see the note above. */
  #listen(): void {
    const native: unknown = Reflect.get(this.#store.env, 'env')
    if (typeof native !== 'object' || native === null) return
    const start: unknown = Reflect.get(native, 'startWriting')
    if (typeof start !== 'function') return
    const visible = () => {
      const last = newestCommit(this.#store.env)
      for (const batch of this.#executed.filter(({ transaction }) => transaction <= last)) this.#seen(batch)
    }
    Reflect.set(native, 'startWriting', (address: unknown, told: (status: number) => unknown) =>
      Reflect.apply(start, native, [
        address,
        (status: number) => {
          const answer = told(status)
          if (status === VISIBLE) visible()
          return answer
        },
      ]),
    )
  }
}

/** lmdb hides the cause of a failed commit behind a promise. */
async function commitError(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (cause) {
    return cause
  }
}

function ignore(): void {}

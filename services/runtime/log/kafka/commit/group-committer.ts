import { setImmediate as turnOver } from 'node:timers/promises'
import { noteOf } from '../group/claims.ts'
import type { Member } from '../group/member.ts'
import { committedOf } from '../read/offsets.ts'
import { Pauses } from '../pauses.ts'
import type { Piece } from './pieces.ts'
import { checkAll, retry } from '../retrying.ts'
import { NotCommitted, type Transactor, type Written } from './transactor.ts'
import { CODES, codeOf, isPassing, toLogError } from '../wire/faults.ts'
import { commitOffsets, type Membership, type OffsetToCommit } from '../wire/group-requests.ts'
import type { Link } from '../wire/link.ts'

/** Of one transaction. */
const MAX_RECORDS = 20_000
const MAX_BYTES = 8 * 1024 * 1024
const GENERATION_MS = 10_000

/** The partition was taken over between reading and committing: nothing of it was written. */
export class Fenced extends Error {
  constructor() {
    super('the partition has another owner now')
    this.name = 'Fenced'
  }
}

export interface Move {
  readonly topic: string
  readonly partition: number
  readonly next: number
  /** Written beside the offset; the owner's ids if not given. */
  readonly note?: string
}

interface Job {
  readonly moves: readonly Move[]
  readonly pieces: readonly Piece[]
  /** False once the partition is lost: then it must not be committed, whatever generation we are in. */
  readonly valid: () => boolean
  readonly done: PromiseWithResolvers<readonly Written[]>
}

export interface GroupCommitterParts {
  readonly link: Link
  readonly member: () => Member
  readonly transactors: readonly Transactor[]
  readonly failed: (error: unknown) => void
  /** Told when a transaction is over: what is ready before this turn of the event loop ends goes into the next. */
  readonly freed: () => void
}

/**
 * Commits what the lanes have handled: whatever is ready when the last
 * transaction has ended goes into the next. One at a time, as several would be
 * smaller and more; by turns with another transactor, as a broker takes nothing
 * of a producer while it still writes the markers of its last. Batches without outputs need none; their
 * offsets are committed by the group alone, which checks the generation too.
 *
 * A commit that the group refused, or that was aborted, is made again with the
 * same outputs, so nothing is handled twice because of it. One whose end had no
 * answer is decided first: a new epoch ends it, then the offsets tell how.
 */
export class GroupCommitter {
  readonly #parts: GroupCommitterParts
  readonly #idle: Transactor[]
  readonly #ids: readonly string[]
  #queue: Job[] = []
  #plain: Job[] = []
  #plainRunning = false
  #singly = 0
  #running = false
  #underWay = false

  constructor(parts: GroupCommitterParts) {
    this.#parts = parts
    this.#idle = [...parts.transactors]
    this.#ids = parts.transactors.map(({ id }) => id)
  }

  /** Resolves with where the outputs are. @throws Fenced, or a fault that the same outputs would meet again. */
  commit(
    moves: readonly Move[],
    pieces: readonly Piece[],
    valid: () => boolean,
  ): Promise<readonly Written[]> {
    const job: Job = { moves, pieces, valid, done: Promise.withResolvers<readonly Written[]>() }
    if (pieces.length === 0) {
      this.#plain.push(job)
      void this.#runPlain()
    } else {
      this.#queue.push(job)
      this.#start()
    }
    return job.done.promise
  }

  /** Whether a batch that was made now would wait for the end of a transaction. */
  get busy(): boolean {
    return this.#underWay
  }

  #start(): void {
    if (this.#running || this.#queue.length === 0) return
    const transactor = this.#idle.shift()
    if (transactor === undefined) return
    this.#running = true
    void this.#run(transactor).finally(() => {
      this.#idle.push(transactor)
      this.#running = false
      this.#start()
    })
  }

  async #run(transactor: Transactor): Promise<void> {
    // Lanes that finish in the same turn of the event loop go together.
    await turnOver()
    const jobs = this.#take()
    if (jobs.length === 0) return
    // Captured with the check that the lanes are ours: a later generation must not commit for an earlier one.
    const { as } = this.#parts.member()
    this.#underWay = true
    try {
      const written = await transactor.run(
        jobs.flatMap(({ pieces }) => pieces),
        { as, offsets: this.#offsets(jobs) },
      )
      for (const { done, pieces } of jobs) {
        done.resolve(written.filter(({ piece }) => pieces.includes(piece)))
      }
    } catch (error) {
      await this.#failed(transactor, jobs, as, error)
    } finally {
      this.#underWay = false
      this.#parts.freed()
    }
  }

  async #failed(transactor: Transactor, jobs: readonly Job[], as: Membership, error: unknown): Promise<void> {
    const cause = error instanceof NotCommitted ? error.cause : error
    this.#parts.failed(cause)
    // What it left open would hold readers up, and must be over before the same is written again.
    await transactor.reset().catch(this.#parts.failed)
    let open = jobs
    if (error instanceof NotCommitted && error.fate === 'unknown')
      open = await this.#decide(transactor, jobs, as)
    await this.#again(open, as, cause, (rest) => this.#queue.unshift(...rest))
  }

  /** What a commit without an answer came to: fenced, then looked up. Tried until it is known, or nobody of ours asks. */
  async #decide(transactor: Transactor, jobs: readonly Job[], as: Membership): Promise<Job[]> {
    const pauses = new Pauses(50, 1_000)
    for (;;) {
      try {
        await transactor.reset()
        const moves = jobs.flatMap((job) => job.moves)
        const found = await committedOf(this.#parts.link, as.group, moves, { stable: true })
        const reached = ({ topic, partition, next }: Move) =>
          found.some((one) => one.topic === topic && one.partition === partition && one.offset >= next)
        // One transaction, so all or none; a partition that is another's by now may have gone on since.
        const open = jobs.filter((job) => !job.moves.every(reached))
        for (const job of jobs) if (!open.includes(job)) job.done.resolve(whereabouts(job))
        return open
      } catch (error) {
        // Given up only with the partitions: written again while their fate is open, they could be there twice.
        if (!jobs.some(({ valid }) => valid())) return [...jobs]
        this.#parts.failed(error)
        await pauses.wait()
      }
    }
  }

  /** Hands the jobs back to be tried again, or fails them where that is of no use. */
  async #again(
    jobs: readonly Job[],
    as: Membership,
    cause: unknown,
    back: (jobs: readonly Job[]) => void,
  ): Promise<void> {
    const code = codeOf(cause)
    if (code !== undefined && REFUSED.has(code)) {
      this.#parts.member().rejoin()
      await this.#parts.member().settled(as, GENERATION_MS)
      return back(jobs)
    }
    if (isPassing(cause) || (code !== undefined && PRODUCER.has(code))) {
      await new Pauses(50, 50).wait()
      return back(jobs)
    }
    if (jobs.length > 1) {
      this.#singly = jobs.length
      return back(jobs)
    }
    for (const { done } of jobs) done.reject(toLogError(cause))
  }

  async #runPlain(): Promise<void> {
    if (this.#plainRunning) return
    this.#plainRunning = true
    await Promise.resolve()
    const { link } = this.#parts
    while (this.#plain.length > 0) {
      const jobs = this.#valid(this.#plain.splice(0))
      if (jobs.length === 0) continue
      const { as } = this.#parts.member()
      try {
        await retry(link, 2_000, 5, async () => {
          const node = await link.coordinator('group', as.group)
          checkAll(
            `OffsetCommit of group ${as.group}`,
            await link.send(node, commitOffsets(as, this.#offsets(jobs))),
          )
        })
        for (const { done } of jobs) done.resolve([])
      } catch (error) {
        this.#parts.failed(error)
        await this.#again(jobs, as, error, (rest) => this.#plain.unshift(...rest))
      }
    }
    this.#plainRunning = false
  }

  #take(): Job[] {
    this.#queue = this.#valid(this.#queue)
    if (this.#singly > 0) {
      this.#singly--
      return this.#queue.splice(0, 1)
    }
    let [count, records, bytes] = [0, 0, 0]
    for (const { pieces } of this.#queue) {
      for (const piece of pieces) {
        records += piece.records.length
        bytes += piece.bytes
      }
      if (count > 0 && (records > MAX_RECORDS || bytes > MAX_BYTES)) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  #valid(jobs: readonly Job[]): Job[] {
    for (const job of jobs) if (!job.valid()) job.done.reject(new Fenced())
    return jobs.filter((job) => job.valid())
  }

  #offsets(jobs: readonly Job[]): OffsetToCommit[] {
    const note = noteOf(this.#ids)
    return jobs.flatMap(({ moves }) =>
      moves.map(({ topic, partition, next, note: own }) => ({
        topic,
        partition,
        offset: next,
        metadata: own ?? note,
      })),
    )
  }
}

/** Of a commit whose answer was lost: it is somewhere before the end. */
function whereabouts({ pieces }: Job): Written[] {
  return pieces.map((piece) => ({ piece, next: -1 }))
}

/** The group has a new generation, or has forgotten us. */
const REFUSED = new Set<number>([
  CODES.illegal_generation,
  CODES.unknown_member,
  CODES.rebalancing,
  CODES.fenced_instance,
])

/** Our epoch is over, by somebody who took us for dead or by the broker's patience: a new one is taken. */
const PRODUCER = new Set<number>([
  CODES.out_of_order_sequence,
  CODES.invalid_producer_epoch,
  CODES.invalid_transaction_state,
  CODES.invalid_producer_mapping,
  CODES.unknown_producer,
  CODES.producer_fenced,
  CODES.transaction_abortable,
])

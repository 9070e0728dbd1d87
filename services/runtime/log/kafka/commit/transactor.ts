import type { LogMetrics } from '../../log-metrics.ts'
import { fence } from './fence.ts'
import type { Names } from '../names.ts'
import type { Piece } from './pieces.ts'
import { allOf, checkAll, retry } from '../retrying.ts'
import { produce, produceJoining, type PartitionBatch, type Produced } from '../wire/data-requests.ts'
import { check, CODES, KafkaFault, NoAnswer } from '../wire/faults.ts'
import type { Membership, OffsetToCommit } from '../wire/group-requests.ts'
import type { Link } from '../wire/link.ts'
import { encodeBatch, type Compression, type Producer } from '../wire/record-batch.ts'
import {
  addOffsets,
  addPartitions,
  commitOffsetsInTransaction,
  endAndBump,
  endTransaction,
  transactionVersion,
  type Transaction,
} from '../wire/transaction-requests.ts'

const PRODUCE_MS = 10_000
/** How long one step is tried again before the transaction is given up; less than the broker's own patience. */
const STEP_MS = 6_000
/** A transaction follows the last one of its producer within milliseconds, while that one's markers are being written. */
const CONCURRENT_FIRST_MS = 1

export interface TransactorParts {
  readonly link: Link
  readonly id: string
  readonly names: Names
  readonly compression: Compression
  readonly metrics: LogMetrics | undefined
  /** How long the end of a transaction is asked for before its fate is called unknown. */
  readonly ending_ms: number
}

/** Where a piece was written: `next` is the offset after its last record. */
export interface Written {
  readonly piece: Piece
  readonly next: number
}

interface PieceBatch extends PartitionBatch {
  readonly piece: Piece
}

export interface OffsetsOf {
  readonly as: Membership
  readonly offsets: readonly OffsetToCommit[]
}

/** What became of a transaction that did not plainly succeed. */
export class NotCommitted extends Error {
  /** `aborted`: nothing of it is there. `unknown`: all of it or nothing. */
  readonly fate: 'aborted' | 'unknown'

  constructor(fate: 'aborted' | 'unknown', cause: unknown) {
    super(`a transaction was not seen to commit (${fate})`, { cause })
    this.name = 'NotCommitted'
    this.fate = fate
  }
}

/**
 * One transactional id and one transaction at a time: records and offsets
 * become visible together or not at all.
 *
 * The steps of KIP-98, with those that need no answer of one another sent at
 * once: partitions and offsets are announced to the transaction's coordinator,
 * then the records go to their leaders and the offsets to the group's
 * coordinator, then the end: three round trips however many partitions. Where
 * the cluster has transactions of version 2 (Kafka 4, KIP-890), what is written
 * announces itself, and it is two. After any fault a new epoch is taken, which aborts what is open: a producer whose
 * commit failed is never used again as it was.
 */
export class Transactor {
  readonly #parts: TransactorParts
  #producer: Producer | undefined
  #joining = false
  readonly #sequences = new Map<string, number>()

  constructor(parts: TransactorParts) {
    this.#parts = parts
  }

  get id(): string {
    return this.#parts.id
  }

  /** Resolves with where the records are. @throws NotCommitted with the fault that stopped it as its cause. */
  async run(pieces: readonly Piece[], offsets?: OffsetsOf): Promise<Written[]> {
    const ending = { begun: false, silent: false }
    let written: Written[] = []
    try {
      const transaction = await this.#begin()
      if (!this.#joining) await this.#announce(transaction, pieces, offsets)
      written = await this.#write(transaction, pieces, offsets)
      ending.begun = true
      await this.#end(transaction, ending)
    } catch (error) {
      this.#producer = undefined
      this.#parts.link.doubt(error)
      // A refusal of the end is an answer: the coordinator has aborted, or will. Silence is none, and a
      // refusal after it may mean that what was not heard had been a yes.
      const refused = error instanceof KafkaFault && !error.passing && !ending.silent
      throw new NotCommitted(ending.begun && !refused ? 'unknown' : 'aborted', error)
    }
    for (const { topic, records, bytes } of pieces) {
      this.#parts.metrics?.appended(topic.name, records.length, bytes)
    }
    return written
  }

  /** Takes a new epoch, if there is none that works: whatever was open is aborted, when this resolves it is over. */
  async reset(): Promise<void> {
    await this.#begin()
  }

  async #begin(): Promise<Transaction> {
    const { id, link } = this.#parts
    if (this.#producer === undefined) {
      this.#sequences.clear()
      this.#producer = await fence(link, id)
      this.#joining = (await link.send(await link.coordinator('transaction', id), transactionVersion())) >= 2
    }
    return { id, producer: this.#producer }
  }

  async #announce(
    transaction: Transaction,
    pieces: readonly Piece[],
    offsets: OffsetsOf | undefined,
  ): Promise<void> {
    const partitions = new Map<string, { topic: string; partition: number }>()
    for (const piece of pieces) {
      const topic = this.#parts.names.topic(piece.topic)
      partitions.set(`${topic}/${piece.partition}`, { topic, partition: piece.partition })
    }
    await this.#step(CONCURRENT_FIRST_MS, async () => {
      const node = await this.#parts.link.coordinator('transaction', transaction.id)
      const { link } = this.#parts
      const announced: Promise<void>[] = []
      if (partitions.size > 0) {
        const asked = link.send(node, addPartitions(transaction, [...partitions.values()]))
        announced.push(asked.then((answers) => checkAll('AddPartitionsToTxn', answers)))
      }
      if (offsets !== undefined) {
        const asked = link.send(node, addOffsets(transaction, offsets.as.group))
        announced.push(asked.then(({ error }) => check(`group ${offsets.as.group} (AddOffsetsToTxn)`, error)))
      }
      await allOf(announced)
    })
  }

  async #write(
    transaction: Transaction,
    pieces: readonly Piece[],
    offsets: OffsetsOf | undefined,
  ): Promise<Written[]> {
    const { link } = this.#parts
    const written: Written[] = []
    const writing = [this.#produce(transaction, pieces, written)]
    if (offsets !== undefined) {
      const moved = this.#step(5, async () => {
        const node = await link.coordinator('group', offsets.as.group)
        const request = commitOffsetsInTransaction(transaction, offsets.as, offsets.offsets, this.#joining)
        checkAll(`TxnOffsetCommit of group ${offsets.as.group}`, await link.send(node, request))
      })
      writing.push(moved)
    }
    await allOf(writing)
    return written
  }

  /**
   * A partition takes one batch a request, so pieces beyond the first of a
   * partition make further rounds, each after the answer to the one before:
   * sent at once they overtake each other, and the broker refuses the gap.
   */
  async #produce(transaction: Transaction, pieces: readonly Piece[], written: Written[]): Promise<void> {
    const rounds: PieceBatch[][] = []
    const taken = new Map<string, number>()
    const now = Date.now()
    for (const piece of pieces) {
      const topic = this.#parts.names.topic(piece.topic)
      const key = `${topic}/${piece.partition}`
      const round = taken.get(key) ?? 0
      taken.set(key, round + 1)
      rounds[round] ??= []
      rounds[round].push({
        topic,
        partition: piece.partition,
        batch: this.#encode(transaction, key, piece, now),
        piece,
      })
    }
    for (const round of rounds) await this.#send(transaction.id, round, written)
  }

  #encode({ producer }: Transaction, key: string, { records, bytes }: Piece, now: number): Buffer {
    const sequence = this.#sequences.get(key) ?? 0
    this.#sequences.set(key, (sequence + records.length) % 0x8000_0000)
    const { compression } = this.#parts
    return encodeBatch(records, { producer, sequence, transactional: true, compression, now }, bytes)
  }

  /** The same bytes go again to whoever leads then; a repeat that had arrived is known by its sequence. */
  async #send(id: string, batches: readonly PieceBatch[], written: Written[]): Promise<void> {
    const { link } = this.#parts
    let rest = batches
    await this.#step(5, async () => {
      const byLeader = new Map<number, PieceBatch[]>()
      for (const batch of rest) {
        const leader = await link.leader(batch.topic, batch.partition)
        const same = byLeader.get(leader)
        if (same === undefined) byLeader.set(leader, [batch])
        else same.push(batch)
      }
      const answers = await allOf(
        [...byLeader].map(([leader, some]) =>
          link.send(
            leader,
            this.#joining ? produceJoining(some, id, PRODUCE_MS) : produce(some, id, PRODUCE_MS),
          ),
        ),
      )
      for (const { piece, topic, partition } of rest) {
        const answer = answers.flat().find((one) => one.topic === topic && one.partition === partition)
        if (answer?.error === CODES.none) written.push({ piece, next: nextAfter(answer, piece) })
      }
      const failed = answers
        .flat()
        .filter(({ error }) => error !== CODES.none && error !== CODES.duplicate_sequence)
      rest = rest.filter((batch) =>
        failed.some(({ topic, partition }) => topic === batch.topic && partition === batch.partition),
      )
      checkAll('Produce', failed)
    })
  }

  async #end(transaction: Transaction, ending: { silent: boolean }): Promise<void> {
    const { link, ending_ms } = this.#parts
    await retry(link, ending_ms, CONCURRENT_FIRST_MS, async () => {
      try {
        const node = await link.coordinator('transaction', transaction.id)
        if (!this.#joining) {
          const { error } = await link.send(node, endTransaction(transaction, true))
          return check(`transactional id ${transaction.id} (EndTxn)`, error)
        }
        const { error, producer } = await link.send(node, endAndBump(transaction, true))
        check(`transactional id ${transaction.id} (EndTxn)`, error)
        this.#producer = producer
        // A new epoch counts from 0.
        this.#sequences.clear()
      } catch (error) {
        if (error instanceof NoAnswer) ending.silent = true
        throw error
      }
    })
  }

  async #step(firstPauseMs: number, attempt: () => Promise<void>): Promise<void> {
    await retry(this.#parts.link, STEP_MS, firstPauseMs, attempt)
  }
}

function nextAfter({ base }: Produced, piece: Piece): number {
  return base < 0 ? -1 : base + piece.records.length
}

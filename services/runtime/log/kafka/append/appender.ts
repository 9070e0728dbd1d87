import type { OutRecord } from '../../event-log.ts'
import { closedError } from '../../closed-error.ts'
import type { LogMetrics } from '../../log-metrics.ts'
import type { Names } from '../names.ts'
import { Pauses } from '../pauses.ts'
import { MAX_BATCH_BYTES, type Piece } from '../commit/pieces.ts'
import { produce, type PartitionBatch, type Produced } from '../wire/data-requests.ts'
import { check, CODES, isPassing, KafkaFault, toLogError } from '../wire/faults.ts'
import type { Written } from '../commit/transactor.ts'
import type { Link } from '../wire/link.ts'
import { encodeBatch, type Compression, type Producer } from '../wire/record-batch.ts'
import { initProducer } from '../wire/transaction-requests.ts'

const PRODUCE_MS = 10_000

export interface AppenderParts {
  readonly link: Link
  readonly names: Names
  readonly compression: Compression
  readonly metrics: LogMetrics | undefined
}

/** What was handed in: its fate, and a way to take it back. */
export interface Handed {
  /** Resolves with where it is when the brokers have it; rejects when it is certain that they won't. Waits as long as that takes. */
  readonly fate: Promise<readonly Written[]>
  /** True: it was not sent, and never will be. False: it is under way, or in doubt. */
  withdraw(): boolean
}

interface Waiting {
  readonly piece: Piece
  readonly done: PromiseWithResolvers<readonly Written[]>
}

/** A batch as it was first sent: the same bytes and sequence until a broker has answered for it. */
interface Sent {
  readonly batch: Buffer
  readonly waiting: readonly Waiting[]
  readonly records: number
}

interface Lane {
  readonly topic: string
  readonly partition: number
  readonly queue: Waiting[]
  sent: Sent | undefined
  /** Under way at this moment. */
  busy: boolean
  sequence: number
  /** Pieces that are sent alone: together they were too large for the topic. */
  alone: boolean
}

/**
 * Appends to single partitions with an idempotent producer. Whatever was
 * handed in while a broker answered goes in the next request to it: nobody
 * waits for company. One request is under way to a broker, and one batch in a
 * partition, so the order of a partition holds over any number of retries.
 *
 * A batch without an answer is in doubt, and stays in its place with its
 * sequence until a broker has answered for it, however long that takes: the
 * broker drops a repeat of what it has.
 */
export class Appender {
  readonly #parts: AppenderParts
  readonly #lanes = new Map<string, Lane>()
  #producer: Producer | undefined
  #pumping = false
  #again = false
  readonly #busyNodes = new Set<number>()
  readonly #pauses = new Pauses(20, 500)
  #closed = false

  constructor(parts: AppenderParts) {
    this.#parts = parts
  }

  append(piece: Piece): Handed {
    const topic = this.#parts.names.topic(piece.topic)
    const key = `${topic}/${piece.partition}`
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      const { partition } = piece
      lane = { topic, partition, queue: [], sent: undefined, busy: false, sequence: 0, alone: false }
      this.#lanes.set(key, lane)
    }
    const waiting: Waiting = { piece, done: Promise.withResolvers<readonly Written[]>() }
    const { queue } = lane
    queue.push(waiting)
    void this.#pump()
    return {
      fate: waiting.done.promise,
      withdraw: () => {
        const index = queue.indexOf(waiting)
        if (index >= 0) queue.splice(index, 1)
        return index >= 0
      },
    }
  }

  /** Nothing more is tried again; what waits is refused. */
  close(): void {
    this.#closed = true
    this.#refuseAll(closedError())
  }

  async #pump(): Promise<void> {
    this.#again = true
    if (this.#pumping) return
    this.#pumping = true
    // What the same turn of the event loop hands in goes together.
    await Promise.resolve()
    while (this.#again) {
      this.#again = false
      try {
        await this.#dispatch()
        this.#pauses.reset()
      } catch (error) {
        this.#parts.link.doubt(error)
        if (!isPassing(error)) this.#refuseAll(toLogError(error))
        if (this.#closed) break
        await this.#pauses.wait()
        this.#again = this.#hasWork()
      }
    }
    this.#pumping = false
  }

  #hasWork(): boolean {
    for (const { queue, sent } of this.#lanes.values())
      if (queue.length > 0 || sent !== undefined) return true
    return false
  }

  async #dispatch(): Promise<void> {
    const { link } = this.#parts
    if (this.#producer === undefined) await this.#newProducer()
    const byNode = new Map<number, Lane[]>()
    for (const lane of this.#lanes.values()) {
      if (lane.busy || (lane.queue.length === 0 && lane.sent === undefined)) continue
      const node = await link.leader(lane.topic, lane.partition)
      if (this.#busyNodes.has(node)) continue
      const lanes = byNode.get(node)
      if (lanes === undefined) byNode.set(node, [lane])
      else lanes.push(lane)
    }
    for (const [node, lanes] of byNode) void this.#send(node, lanes)
  }

  async #newProducer(): Promise<void> {
    const node = await this.#parts.link.anyNode()
    const { error, producer } = await this.#parts.link.send(node, initProducer(null, PRODUCE_MS))
    check('an idempotent producer (InitProducerId)', error)
    this.#producer = producer
    for (const lane of this.#lanes.values()) lane.sequence = 0
  }

  async #send(node: number, lanes: readonly Lane[]): Promise<void> {
    this.#busyNodes.add(node)
    const batches: PartitionBatch[] = []
    for (const lane of lanes) {
      lane.busy = true
      lane.sent ??= this.#take(lane)
      if (lane.sent === undefined) continue
      batches.push({ topic: lane.topic, partition: lane.partition, batch: lane.sent.batch })
    }
    let failed = false
    try {
      const answers =
        batches.length === 0 ? [] : await this.#parts.link.send(node, produce(batches, null, PRODUCE_MS))
      for (const lane of lanes) failed = this.#settle(lane, answers) || failed
    } catch (error) {
      this.#parts.link.doubt(error)
      failed = true
    }
    if (failed && !this.#closed) await this.#pauses.wait()
    for (const lane of lanes) lane.busy = false
    this.#busyNodes.delete(node)
    if (this.#hasWork() && !this.#closed) void this.#pump()
  }

  #take(lane: Lane): Sent | undefined {
    const { producer, now } = { producer: this.#producer, now: Date.now() }
    if (producer === undefined) return undefined
    const waiting: Waiting[] = []
    let bytes = 0
    for (const one of lane.queue) {
      if (waiting.length > 0 && (lane.alone || bytes + one.piece.bytes > MAX_BATCH_BYTES)) break
      waiting.push(one)
      bytes += one.piece.bytes
    }
    if (waiting.length === 0) return undefined
    lane.queue.splice(0, waiting.length)
    if (lane.queue.length === 0) lane.alone = false
    const records: OutRecord[] = waiting.flatMap(({ piece }) => piece.records)
    const { compression } = this.#parts
    const batch = encodeBatch(records, {
      producer,
      sequence: lane.sequence,
      transactional: false,
      compression,
      now,
    })
    return { batch, waiting, records: records.length }
  }

  /** Whether it is to be tried again after a pause. */
  #settle(lane: Lane, answers: readonly Produced[]): boolean {
    const { sent } = lane
    if (sent === undefined) return false
    const answer = answers.find((one) => one.topic === lane.topic && one.partition === lane.partition)
    const error = answer?.error ?? CODES.unknown_topic
    if (error === CODES.none || error === CODES.duplicate_sequence) {
      lane.sequence = (lane.sequence + sent.records) % 0x8000_0000
      lane.sent = undefined
      let next = answer?.base ?? -1
      for (const { piece, done } of sent.waiting) {
        this.#parts.metrics?.appended(piece.topic.name, piece.records.length, piece.bytes)
        if (next >= 0) next += piece.records.length
        done.resolve([{ piece, next }])
      }
      return false
    }
    const fault = new KafkaFault(`topic ${lane.topic} (Produce)`, error)
    if (fault.passing) {
      this.#parts.link.doubt(fault)
      return true
    }
    lane.sent = undefined
    if (error === CODES.message_too_large && sent.waiting.length > 1) {
      lane.alone = true
      lane.queue.unshift(...sent.waiting)
      return false
    }
    if (error === CODES.unknown_producer || error === CODES.out_of_order_sequence) {
      // The broker has lost what it knew of us, with the records that it knew it by: they are written anew.
      this.#producer = undefined
      lane.queue.unshift(...sent.waiting)
      return true
    }
    for (const { done } of sent.waiting) done.reject(toLogError(fault))
    return false
  }

  #refuseAll(error: Error): void {
    for (const lane of this.#lanes.values()) {
      for (const { done } of lane.queue.splice(0)) done.reject(error)
    }
  }
}

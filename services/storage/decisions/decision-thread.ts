import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { BlockBody, BlockBuilder, NoRow, Place } from '../block.ts'
import type { Piece, ThreadAnswer, ThreadRequest } from './thread-messages.ts'

/** Records copied before others get a turn, half a microsecond each. */
const PIECE = 512
/** Pieces of a block that wait for the thread, some 1 MB each. */
const WAITING = 8
/** Buffers of pieces that are kept to be filled again: those of two blocks. Larger ones are let go. */
const MOST_SPARE = 2 * WAITING
const ROOM_STEP = 262_144
const MOST_ROOM = 4 * 1024 * 1024

/**
 * Makes rows of decisions in a thread of its own: two thirds of what storing
 * takes of a core (measured), which requests in this process need not wait for.
 * The thread starts with the first block, and again after one that died.
 */
export interface DecisionThread {
  /** An empty block of `decisions`; `types` are the table's columns and their types, `rows` how many are expected. */
  open(types: ReadonlyMap<string, string>, rows: number): BlockBuilder
  close(): Promise<void>
}

export function openDecisionThread(): DecisionThread {
  const waiting = new Map<number, PromiseWithResolvers<ThreadAnswer>>()
  const spare: ArrayBuffer[] = []
  let serial = 0
  let worker: Worker | undefined

  function start(): Worker {
    const started = new Worker(new URL('./thread-main.ts', import.meta.url), { name: 'decision rows' })
    const died = (error: unknown) => {
      if (worker !== started) return
      worker = undefined
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    }
    started.on('message', (answer: ThreadAnswer) => {
      const job = waiting.get(answer.job)
      waiting.delete(answer.job)
      const { room } = answer
      if (room && room.byteLength <= MOST_ROOM && spare.length < MOST_SPARE) spare.push(room)
      if (answer.fault === undefined) job?.resolve(answer)
      else job?.reject(new Error(`decisions can't be made into rows: ${answer.fault}`))
    })
    started.on('error', died)
    started.on('exit', () => died(new Error('the thread that makes rows has ended')))
    return started
  }

  /** New memory costs more than the copy that goes into it. */
  function roomFor(size: number): Uint8Array<ArrayBuffer> {
    const last = spare.pop()
    const room = last && last.byteLength >= size ? last : new ArrayBuffer(roundUp(size))
    return new Uint8Array(room, 0, size)
  }

  function ask(request: ThreadRequest, transfer: ArrayBuffer[] = []): Promise<ThreadAnswer> {
    worker ??= start()
    const answer = Promise.withResolvers<ThreadAnswer>()
    // Whoever waits is told; a block that nobody waits for any more is no fault.
    answer.promise.catch(() => undefined)
    waiting.set(request.job, answer)
    worker.postMessage(request, transfer)
    return answer.promise
  }

  return {
    open(types, rows) {
      const block = ++serial
      const opened = ask({ kind: 'open', job: ++serial, block, types, rows })
      return new ThreadBlock(opened, {
        add(places) {
          const piece = pieceOf(places, roomFor)
          return ask({ kind: 'add', job: ++serial, block, ...piece }, [
            piece.bytes.buffer,
            piece.lengths.buffer,
            piece.taken.buffer,
          ])
        },
        end: (kind) => ask({ kind, job: ++serial, block }),
      })
    },
    async close() {
      await worker?.terminate()
    },
  }
}

interface Asking {
  add(places: readonly Place[]): Promise<ThreadAnswer>
  end(kind: 'body' | 'discard'): Promise<ThreadAnswer>
}

class ThreadBlock implements BlockBuilder {
  rows = 0
  readonly #opened: Promise<unknown>
  readonly #ask: Asking

  constructor(opened: Promise<unknown>, ask: Asking) {
    this.#opened = opened
    this.#ask = ask
  }

  async add(places: readonly Place[]): Promise<readonly NoRow[]> {
    await this.#opened
    const without: NoRow[] = []
    const asked: { readonly first: number; readonly answer: Promise<ThreadAnswer> }[] = []
    const takeAnswer = async () => {
      const next = asked.shift()
      for (const { index, outcome } of (await next?.answer)?.without ?? [])
        without.push({ index: index + (next?.first ?? 0), outcome })
    }
    for (let first = 0; first < places.length; first += PIECE) {
      if (first > 0) await turn()
      asked.push({ first, answer: this.#ask.add(places.slice(first, first + PIECE)) })
      if (asked.length > WAITING) await takeAnswer()
    }
    while (asked.length > 0) await takeAnswer()
    this.rows += places.length - without.length
    return without
  }

  async body(): Promise<BlockBody> {
    const { body } = await this.#ask.end('body')
    return { format: 'Native', parts: body === undefined ? [] : [body] }
  }

  discard(): void {
    void this.#ask.end('discard').catch(() => undefined)
  }
}

function pieceOf(places: readonly Place[], roomFor: (size: number) => Uint8Array<ArrayBuffer>): Piece {
  const lengths = new Int32Array(places.length)
  const taken = new Float64Array(places.length)
  const values: (Uint8Array | null)[] = []
  let size = 0
  for (const [index, { record }] of places.entries()) {
    const { value } = record
    values.push(value)
    lengths[index] = value?.length ?? -1
    taken[index] = record.appended_ms
    size += value?.length ?? 0
  }
  const bytes = roomFor(size)
  let at = 0
  for (const value of values) {
    if (value === null) continue
    bytes.set(value, at)
    at += value.length
  }
  return { bytes, lengths, taken }
}

function roundUp(size: number): number {
  return Math.ceil(size / ROOM_STEP) * ROOM_STEP
}

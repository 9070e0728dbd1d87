import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { BlockBody, BlockBuilder, NoRow, Place } from '../block.ts'
import type { Piece, ThreadAnswer, ThreadRequest } from './thread-messages.ts'

/** Records copied before others get a turn, half a microsecond each. */
const PIECE = 512
/** Pieces of a block that wait for the thread, some 1 MB each. */
const WAITING = 8

/**
 * Makes rows of decisions in a thread of its own: two thirds of what storing
 * takes of a core (measured), which requests in this process need not wait for.
 * The thread starts with the first block, and again after one that died.
 */
export interface DecisionThread {
  /** An empty block of `decisions`; `types` are the table's columns and their types. */
  open(types: ReadonlyMap<string, string>): BlockBuilder
  close(): Promise<void>
}

export function openDecisionThread(): DecisionThread {
  const waiting = new Map<number, PromiseWithResolvers<ThreadAnswer>>()
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
      if (answer.fault === undefined) job?.resolve(answer)
      else job?.reject(new Error(`decisions can't be made into rows: ${answer.fault}`))
    })
    started.on('error', died)
    started.on('exit', () => died(new Error('the thread that makes rows has ended')))
    return started
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
    open(types) {
      const block = ++serial
      const opened = ask({ kind: 'open', job: ++serial, block, types })
      return new ThreadBlock(opened, {
        add: (piece) =>
          ask({ kind: 'add', job: ++serial, block, ...piece }, [
            piece.bytes.buffer,
            piece.lengths.buffer,
            piece.taken.buffer,
          ]),
        end: (kind) => ask({ kind, job: ++serial, block }),
      })
    },
    async close() {
      await worker?.terminate()
    },
  }
}

interface Asking {
  add(piece: Piece): Promise<ThreadAnswer>
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
      asked.push({ first, answer: this.#ask.add(pieceOf(places.slice(first, first + PIECE))) })
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

function pieceOf(places: readonly Place[]): Piece {
  const lengths = Int32Array.from(places, ({ record }) => record.value?.length ?? -1)
  const taken = Float64Array.from(places, ({ record }) => record.appended_ms)
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + Math.max(0, length), 0))
  let at = 0
  for (const { record } of places) {
    if (record.value === null) continue
    bytes.set(record.value, at)
    at += record.value.length
  }
  return { bytes, lengths, taken }
}

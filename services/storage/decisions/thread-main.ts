/** The thread that makes rows of decisions: see `decision-thread.ts`. */
import { parentPort } from 'node:worker_threads'
import type { NoRow } from '../block.ts'
import { DecisionBlock } from './decision-block.ts'
import { openScanPlan } from './scan-plan.ts'
import type { Piece, ThreadAnswer, ThreadRequest } from './thread-messages.ts'

const plan = openScanPlan()
interface Open {
  readonly block: DecisionBlock
  readonly spare: Spare
}

/** Empty blocks of certain columns, to be filled again. */
interface Spare {
  readonly columns: string
  readonly blocks: DecisionBlock[]
}

/** As many as are made ahead. */
const MOST_SPARE = 2

const blocks = new Map<number, Open>()
let newest: Spare = { columns: '', blocks: [] }

parentPort?.on('message', (request: ThreadRequest) => {
  const { job } = request
  try {
    const answer: ThreadAnswer = { job, ...answerTo(request) }
    const { body, room } = answer
    parentPort?.postMessage(answer, [...(body ? [body.buffer] : []), ...(room ? [room] : [])])
  } catch (error) {
    blocks.delete(request.block)
    parentPort?.postMessage({ job, fault: error instanceof Error ? error.message : String(error) }, [])
  }
})

function answerTo(request: ThreadRequest): Omit<ThreadAnswer, 'job'> {
  if (request.kind === 'open') {
    blocks.set(request.block, open(request.types, request.rows))
    return {}
  }
  const opened = blocks.get(request.block)
  if (request.kind === 'discard') {
    if (opened) close(request.block, opened)
    return {}
  }
  if (!opened) throw new Error('the thread does not know this block')
  const { block } = opened
  if (request.kind === 'add') return { without: add(block, request), room: request.bytes.buffer }
  const body = joined(block.body().parts)
  close(request.block, opened)
  return { body }
}

/** The columns of a large block are some 20 MB: to make them anew each time costs zeroing and the collector's work. */
function open(types: ReadonlyMap<string, string>, rows: number): Open {
  const columns = JSON.stringify([...types])
  if (newest.columns !== columns) newest = { columns, blocks: [] }
  const spare = newest
  return { block: spare.blocks.pop() ?? new DecisionBlock(plan, types, rows), spare }
}

function close(number: number, { block, spare }: Open): void {
  blocks.delete(number)
  if (spare.blocks.length === MOST_SPARE) return
  block.clear()
  spare.blocks.push(block)
}

function add(block: DecisionBlock, { bytes, lengths, taken }: Piece): readonly NoRow[] {
  const without: NoRow[] = []
  let at = 0
  for (const [index, length] of lengths.entries()) {
    const value = length < 0 ? null : bytes.subarray(at, at + length)
    at += Math.max(0, length)
    const outcome = block.add({ value, appended_ms: taken[index] ?? 0 })
    if (outcome.kind !== 'ok') without.push({ index, outcome })
  }
  return without
}

/** In one piece, which the other thread takes over without a copy. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

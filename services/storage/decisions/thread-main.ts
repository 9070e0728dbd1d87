/** The thread that makes rows of decisions: see `decision-thread.ts`. */
import { parentPort } from 'node:worker_threads'
import type { NoRow } from '../block.ts'
import { DecisionBlock } from './decision-block.ts'
import { openScanPlan } from './scan-plan.ts'
import type { Piece, ThreadAnswer, ThreadRequest } from './thread-messages.ts'

const plan = openScanPlan()
const blocks = new Map<number, DecisionBlock>()

parentPort?.on('message', (request: ThreadRequest) => {
  const { job } = request
  try {
    const answer = { job, ...answerTo(request) }
    parentPort?.postMessage(answer, answer.body ? [answer.body.buffer] : [])
  } catch (error) {
    blocks.delete(request.block)
    parentPort?.postMessage({ job, fault: error instanceof Error ? error.message : String(error) }, [])
  }
})

function answerTo(request: ThreadRequest): Omit<ThreadAnswer, 'job'> {
  if (request.kind === 'open') {
    blocks.set(request.block, new DecisionBlock(plan, request.types, request.rows))
    return {}
  }
  if (request.kind === 'discard') {
    blocks.delete(request.block)
    return {}
  }
  const block = blocks.get(request.block)
  if (!block) throw new Error('the thread does not know this block')
  if (request.kind === 'add') return { without: add(block, request) }
  blocks.delete(request.block)
  return { body: joined(block.body().parts) }
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

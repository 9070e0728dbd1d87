import { openBenchLog, type BenchLog } from './bench-log.ts'
import { restoreStates } from '../../scoring/restore-states.ts'
import { RestoreTurns } from '../../scoring/restore-turns.ts'
import { subjectStage } from '../../scoring/worker.ts'

/**
 * Restores the state of every partition in a process of its own, so that what
 * is resident afterwards, less what was before, is what state takes. The log is
 * closed before the second look: what it maps of files is not ours to count.
 */
const which: BenchLog = JSON.parse(process.argv[2] ?? '')
const stage = subjectStage(() => {
  throw new Error('nothing is scored here')
})
// As a worker does it.
const turns = new RestoreTurns()
const residentBefore = resident()
const eventLog = await openBenchLog(which)
const began = performance.now()
const states = await Promise.all(
  Array.from({ length: eventLog.partitions(stage.state) }, (_, partition) =>
    turns.take(undefined, () => restoreStates(eventLog, stage, { partition, decoded: 0, seed: partition })),
  ),
)
const seconds = (performance.now() - began) / 1000
await eventLog.close()
const held = resident() - residentBefore
const entities = states.reduce((sum, { size }) => sum + size, 0)
const packed = states.reduce((sum, { bytes }) => sum + bytes, 0)
process.stdout.write(`${JSON.stringify({ entities, seconds, held, packed })}\n`)

/** Resident bytes of this process after a collection. */
function resident(): number {
  if (globalThis.gc === undefined) throw new Error('run it with --expose-gc')
  globalThis.gc()
  return process.memoryUsage.rss()
}

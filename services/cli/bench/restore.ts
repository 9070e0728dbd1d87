import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { BenchOptions, BenchResult } from '../../runtime/bench-result.ts'
import { fillState } from '../../scoring/bench/entities.ts'
import { openEnrich } from '../../scoring/main.ts'
import { freshBenchLog, openBenchLog } from './bench-log.ts'

const ENTITIES = 1_000_000
const CHILD = fileURLToPath(new URL('restore-child.ts', import.meta.url))
const Restored = z.strictObject({
  entities: z.int().min(1),
  seconds: z.number(),
  held: z.number(),
  packed: z.number(),
})

/**
 * `gatewatch bench restore`: how long a worker takes to have the state of a
 * million entities, read from the changelog by the clock, and how much memory
 * that is: what is resident in a process of its own after the restore, less
 * what was before it.
 */
export async function benchRestore({ directory, scale, log }: BenchOptions): Promise<BenchResult> {
  const began = performance.now()
  const { which, close } = await freshBenchLog(log, directory)
  try {
    const eventLog = await openBenchLog(which)
    await fillState(eventLog, await openEnrich({ sensitivity: [] }), Math.ceil(ENTITIES * scale))
    await eventLog.close()
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      CHILD,
      JSON.stringify(which),
    ])
    const { entities, seconds, held, packed } = Restored.parse(JSON.parse(stdout))
    return {
      name: 'restore',
      figures: {
        entities,
        seconds: Math.round(seconds * 100) / 100,
        entities_per_second: Math.round(entities / seconds),
        bytes_per_entity: Math.round(held / entities),
        packed_bytes_per_entity: Math.round(packed / entities),
      },
      cores: availableParallelism(),
      seconds: Math.round((performance.now() - began) / 100) / 10,
    }
  } finally {
    await close()
  }
}

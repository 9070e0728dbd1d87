import { availableParallelism } from 'node:os'
import type { BenchOptions, BenchResult } from '../../runtime/bench-result.ts'
import { openEmbeddedLog } from '../../runtime/log/embedded/embedded-log.ts'
import { openEnrich } from '../main.ts'
import { benchInMemory } from './in-memory.ts'
import { benchLogToLog } from './log-to-log.ts'

const DECISIONS = 200_000
const LOGGED = 60_000
const SUBJECTS = 5_000

/** `gatewatch bench scoring`: what one core scores, in memory and from log to log. */
export async function benchScoring({ directory, scale }: BenchOptions): Promise<BenchResult> {
  const began = performance.now()
  const enrich = await openEnrich({ sensitivity: [] })
  const inMemory = benchInMemory(enrich, Math.ceil(DECISIONS * scale), SUBJECTS)
  const eventLog = await openEmbeddedLog({ directory })
  try {
    const logged = await benchLogToLog(eventLog, enrich, Math.ceil(LOGGED * scale), SUBJECTS)
    return {
      name: 'scoring',
      figures: { ...inMemory, ...logged },
      cores: availableParallelism(),
      seconds: Math.round(performance.now() - began) / 1000,
    }
  } finally {
    await eventLog.close()
  }
}

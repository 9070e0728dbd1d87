import { join } from 'node:path'
import type { Runtime } from '../runtime/runtime.ts'
import { beginBoot, type Recording, type RecordingOptions } from './begin-boot.ts'
import { openMarkFile } from './record/mark-file.ts'
import { openSpoolKeys } from './spool/keys.ts'
import { spoolMetrics } from './spool/metrics.ts'
import { openSpool } from './spool/spool.ts'

/**
 * Begins a boot of the chain: opens the spool, finds the last link of the boot
 * before (in the spool, or else in the log), starts the recorder, and drains
 * what the boot before left. Mark file and checkpoints follow what is in the
 * log, not what waits in the spool.
 */
export async function startRecording(runtime: Runtime, options: RecordingOptions): Promise<Recording> {
  const { dataDir, logger } = runtime
  const name = options.pep.id.replaceAll(/[^\w.-]/g, '_')
  const spooling = spoolMetrics(runtime.metrics)
  const keys = await openSpoolKeys(dataDir, options.spool.key_file)
  const { spool, found } = await openSpool({
    directory: join(dataDir, 'gateway', 'spool', name),
    keys,
    max_bytes: options.spool.max_bytes,
  })
  spooling.tornTails.inc(found.torn_tails)
  if (found.torn_tails > 0)
    logger.warn(found, 'a write to the spool was torn by a crash; nobody had been told that it was durable')
  const mark = await openMarkFile(join(dataDir, 'gateway', `${name}.mark`))
  try {
    return await beginBoot(runtime, options, { spool, found, spooling, mark })
  } catch (error) {
    await mark.close()
    await spool.close()
    throw error
  }
}

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Decision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { DemoChain } from '../chain/chain.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'

const BATCH = 1000

/**
 * Writes the history into a fresh data directory, once: the marker stands only
 * when everything is in the log. One that was broken off is gone on with: what
 * the log has of it is not written again. Resolves to the number written, 0 on
 * a restart.
 */
export async function seedHistory(
  dataDir: string,
  eventLog: EventLog,
  openChain: () => Promise<DemoChain>,
  decisions: Iterable<Decision>,
  progress: (written: number) => void,
): Promise<number> {
  const marker = join(dataDir, 'history-written')
  if (await exists(marker)) return 0
  const there = await historyIds(eventLog)
  const chain = await openChain()
  let written = 0
  let batch: Decision[] = []
  const flush = async (): Promise<void> => {
    await chain.record(batch)
    written += batch.length
    batch = []
    progress(written)
  }
  for (const decision of decisions) {
    if (there.has(decision.id)) continue
    batch.push(decision)
    if (batch.length === BATCH) await flush()
  }
  if (batch.length > 0) await flush()
  await chain.stop()
  await writeFile(marker, `${written}\n`, { mode: 0o600 })
  return written
}

/** The ids in the log, which holds little but history before the demo has ever run. */
async function historyIds(eventLog: EventLog): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for (const { partition } of await eventLog.watermarks(accessDecisions))
    for await (const records of eventLog.read(accessDecisions, { partition }))
      for (const { headers } of records) ids.add(headers['ce_id'] ?? '')
  return ids
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

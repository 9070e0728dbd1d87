import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Decision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { DemoChain } from '../chain.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'

const BATCH = 1000

/**
 * Writes the history into a fresh data directory, once: the marker stands only
 * when everything is in the log. Resolves to the number written, 0 on a restart.
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
  const chain = await openChain()
  const links: Decision[] = []
  let written = 0
  let batch: Decision[] = []
  const flush = async (): Promise<void> => {
    await eventLog.append(batch.map((decision) => jsonRecord(accessDecisions, decision)))
    links.push(...batch)
    written += batch.length
    batch = []
    progress(written)
  }
  for (const decision of decisions) {
    batch.push(chain.link(decision))
    if (batch.length === BATCH) await flush()
  }
  if (batch.length > 0) await flush()
  // Signed when it is whole: a history that was broken off is written again, over the first.
  chain.logged(links)
  await chain.stop(true)
  await writeFile(marker, `${written}\n`, { mode: 0o600 })
  return written
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

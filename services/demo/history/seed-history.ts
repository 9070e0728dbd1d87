import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Decision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { DemoChain } from '../chain/chain.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'

const BATCH = 1000

export interface SeedTools {
  /** Resolves when scoring has handled what is in the log. */
  readonly scored: () => Promise<void>
  /** Told of each day that begins, `YYYY-MM-DD`. */
  readonly begins: (day: string) => void
}

/**
 * Writes the history into a fresh data directory, once: the marker stands only
 * when everything is in the log. One that was broken off is gone on with: what
 * the log has of it is not written again. Each day waits until the one before is
 * scored, so that partitions keep abreast and what is rare is learnt day by day,
 * as it would have been. Resolves to the number written, 0 on a restart.
 */
export async function seedHistory(
  dataDir: string,
  eventLog: EventLog,
  openChain: () => Promise<DemoChain>,
  decisions: Iterable<Decision>,
  { scored, begins }: SeedTools,
): Promise<number> {
  const marker = join(dataDir, 'history-written')
  if (await exists(marker)) return 0
  const there = await historyIds(eventLog)
  const chain = await openChain()
  let written = 0
  let batch: Decision[] = []
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return
    await chain.record(batch)
    written += batch.length
    batch = []
  }
  let day = ''
  for (const decision of decisions) {
    if (there.has(decision.id)) continue
    if (!decision.decided_at.startsWith(day) || day === '') {
      if (day !== '') {
        await flush()
        await scored()
      }
      day = decision.decided_at.slice(0, 10)
      begins(day)
    }
    batch.push(decision)
    if (batch.length === BATCH) await flush()
  }
  await flush()
  await scored()
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

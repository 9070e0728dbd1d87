import { accessScored } from '../../../schemas/topics.ts'
import type { Config } from '../../../services/config.ts'
import { erasingLog } from '../../../services/runtime/erasures/erasing-log.ts'
import { erasureSecret } from '../../../services/runtime/erasures/secret.ts'
import type { OutRecord } from '../../../services/runtime/log/event-log.ts'
import { startScoring } from '../../../services/scoring/main.ts'
import { startStorage } from '../../../services/storage/main.ts'
import { eventually } from '../eventually.ts'
import { rowsIn, withBoth } from './log-and-store.ts'

/** Records that come once more are scored and stored as the roles do it; the rows of the store. */
export async function storeAgain(config: Config, records: readonly OutRecord[]): Promise<readonly string[]> {
  return withBoth(config, async (raw, store, client) => {
    const runtime = {
      ...raw,
      eventLog: erasingLog(raw.eventLog, () => erasureSecret(config.data_dir, config.erasure)),
    }
    await raw.eventLog.append(records)
    const scoring = await startScoring(runtime, config.scoring, { tenant: 'default' })
    await scoring.drained()
    await scoring.stop()
    const storage = await startStorage(runtime, { ...config.storage, linger_ms: 0, min_rows: 1 }, store)
    await eventually('everything stored', async () => {
      const [at] = await raw.eventLog.watermarks(accessScored)
      return (await raw.eventLog.committed('storage', accessScored)).get(0) === at?.high
    })
    await storage.stop()
    const scored: string[] = []
    for await (const page of raw.eventLog.read(accessScored, { partition: 0 }))
      for (const { key, value } of page) scored.push(`${key} ${Buffer.from(value ?? []).toString()}`)
    return [...scored, ...(await rowsIn(client))]
  })
}

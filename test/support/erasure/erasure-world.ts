import { pino } from 'pino'
import type { Decision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import { openRawRuntime } from '../../../services/cli/open-runtime.ts'
import { Config } from '../../../services/config.ts'
import { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import { openStore } from '../../../services/runtime/clickhouse/open-store.ts'
import { jsonRecord } from '../../../services/runtime/log/json-record.ts'
import { startScoring } from '../../../services/scoring/main.ts'
import { startStorage } from '../../../services/storage/main.ts'
import { eventually } from '../eventually.ts'
import { untilTaken } from '../log/log-load.ts'
import { chainedBoot } from '../store/chained-store.ts'
import { rowsOf } from '../store/temp-engine.ts'
import { drafts, START } from './drafts.ts'
import { recordsAbout } from './records-about.ts'

const logger = pino({ level: 'silent' })

/** `kafka`: the log is there rather than in the data directory. */
export function configOf(dataDir: string, kafka?: Record<string, unknown>): Config {
  return Config.parse({ data_dir: dataDir, log_level: 'error', ...(kafka && { kafka }) })
}

/** A data directory with two people in every topic and table, as the roles have left it when they were stopped. */
export async function makeWorld(config: Config): Promise<{ decisions: readonly Decision[] }> {
  const { data_dir: dataDir } = config
  const runtime = await openRawRuntime(config, logger)
  const { eventLog } = runtime
  const store = await openStore({ dataDir, settings: config.clickhouse, logger })
  const client = openClickHouse(store.endpoint)
  const scoring = await startScoring(runtime, config.scoring, { tenant: 'default' })
  const storage = await startStorage(runtime, { ...config.storage, linger_ms: 50, min_rows: 1 }, store)
  const { decisions } = await chainedBoot({
    dataDir,
    eventLog,
    pep_id: 'gw-1',
    drafts: drafts(120),
    every: 40,
    end: 'stop',
    now: () => START + 3_600_000,
  })
  const decided = decisions.map((decision) => jsonRecord(accessDecisions, decision))
  await untilTaken(() => eventLog.append(decided))
  await untilTaken(() => eventLog.append(recordsAbout()))
  await scoring.drained()
  await eventually('everything stored', async () => {
    const [row] = await rowsOf<{ all: number }>(
      client,
      `SELECT toUInt32((SELECT uniqExact(id) FROM decisions) = 120 AND (SELECT count() FROM findings) >= 3
        AND (SELECT count() FROM stories) >= 2 AND (SELECT count() FROM verdicts) = 2 AND (SELECT count() FROM risk_states) >= 3
        AND (SELECT count() FROM dead_letters) = 3) AS all`,
    )
    return row?.all === 1
  })
  await storage.stop()
  await scoring.stop()
  await client.close()
  await store.stop()
  await runtime.close()
  return { decisions }
}

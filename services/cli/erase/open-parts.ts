import type { Config } from '../../config.ts'
import { deleteRecords } from '../../erasure/delete-records.ts'
import { DELETED, erasureRights } from '../../erasure/rights.ts'
import { openLedger } from '../../erasure/ledger.ts'
import type { ErasureParts } from '../../erasure/main.ts'
import { openClickHouse } from '../../runtime/clickhouse/client.ts'
import { migrate } from '../../runtime/clickhouse/migrate.ts'
import { openStore } from '../../runtime/clickhouse/open-store.ts'
import { connectKafka } from '../../runtime/log/kafka/client/connect.ts'
import { withRecordDeletion } from '../../runtime/log/kafka/admin/delete-records.ts'
import { checkDeletionRights, type LogRights } from '../../runtime/log/kafka/admin/rights.ts'
import { logMetrics } from '../../runtime/log/log-metrics.ts'
import { createLogger, terminalDestination } from '../../runtime/logger.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { decisionsKeptMs } from '../../storage/retention/config.ts'
import { openExpiry } from '../../verify/expiry.ts'
import { openEventLog } from '../open-runtime.ts'
import { ledgerDirectory } from './ledger-directory.ts'
import { IN_MEMORY } from './refuse-living.ts'

/** One statement of an erasure rewrites parts: minutes, where rows are many. */
const MUTATION_TIMEOUT_MS = 3_700_000

/** Brokers that are slow for a while should not break an erasure off in its middle. */
const APPEND_PATIENCE_MS = 60_000

/** Erasing and counting again take their time, and days end at other times than ages. */
const EDGE_MS = 2 * 86_400_000

/** The first day of which no decision can have expired. */
async function wholeFrom(config: Config, dataDir: string, nowMs: number): Promise<string> {
  const expiry = await openExpiry(dataDir, decisionsKeptMs(config.storage.retention), nowMs, {
    remember: false,
  })
  return new Date(Date.parse(expiry.before(nowMs)) + EDGE_MS).toISOString().slice(0, 10)
}

/** Log and store of the configuration, opened when they are needed; as they lie, erased persons included. */
export function erasureParts(
  config: Config,
  dataDir: string,
  told: ErasureParts['told'],
  { delete_records = false }: { readonly delete_records?: boolean } = {},
): ErasureParts {
  const logger = createLogger({ level: 'warn', destination: terminalDestination(process.stderr) })
  const { kafka } = config
  let rights: LogRights | undefined = erasureRights(IN_MEMORY)
  const openLog = async () => {
    // Once, before anything is begun: half an erasure that may not go on helps nobody.
    if (rights !== undefined && kafka !== undefined && delete_records)
      await checkDeletionRights(await connectKafka(kafka, logger), kafka, DELETED)
    const eventLog = await openEventLog(config, {
      dataDir,
      logger,
      metrics: logMetrics(createMetrics()),
      rights,
      append_wait_ms: APPEND_PATIENCE_MS,
    })
    rights = undefined
    return eventLog
  }
  return {
    dataDir,
    ledger: openLedger(ledgerDirectory(config, dataDir)),
    embedded: config.kafka === undefined,
    now: Date.now,
    told,
    openLog,
    ...(delete_records &&
      kafka && {
        async deleteRecords(places) {
          const eventLog = await openLog()
          try {
            return await withRecordDeletion(kafka, logger, (deletion) =>
              deleteRecords(eventLog, deletion, places),
            )
          } finally {
            await eventLog.close()
          }
        },
      }),
    async openStore() {
      const store = await openStore({ dataDir, settings: config.clickhouse, logger })
      const client = openClickHouse(store.endpoint, { request_timeout_ms: MUTATION_TIMEOUT_MS })
      const own = store.from === 'own-engine'
      if (own) await migrate(client)
      return {
        client,
        cluster: store.endpoint.cluster,
        whole_from: await wholeFrom(config, dataDir, Date.now()),
        own,
        async close() {
          await client.close()
          await store.stop()
        },
      }
    },
  }
}

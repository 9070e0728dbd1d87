import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import type { ClickHouseEndpoint } from '../runtime/clickhouse/endpoint.ts'
import { GatewatchError } from '../runtime/errors.ts'
import { openClickHouse } from '../runtime/clickhouse/client.ts'
import { migrate } from '../runtime/clickhouse/migrate.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'
import type { StorageConfig } from './config.ts'
import { openDecisionThread } from './decisions/decision-thread.ts'
import { isDiskFull } from './insert.ts'
import { GROUP, storageMetrics } from './metrics.ts'
import { openBatchStore } from './store-batch.ts'
import { applyRetention, type ApplyRetentionOptions } from './retention/apply-retention.ts'
import { startRollUp } from './roll-up/start-roll-up.ts'
import { openTableTypes } from './table-types.ts'
import { openStoredTopics } from './tables.ts'

/**
 * Starts the storage worker: what is on the log becomes rows in ClickHouse.
 *
 * A store that is away keeps nothing from starting: batches wait, the log keeps
 * what is not stored, and nobody on the risk path notices. Not committing is all
 * the backpressure there is.
 */
export async function startStorage(
  runtime: Runtime,
  config: StorageConfig,
  { endpoint }: { readonly endpoint: ClickHouseEndpoint },
): Promise<Running> {
  const logger = runtime.logger.child({ service: GROUP })
  const client = openClickHouse(endpoint)
  const stopping = new AbortController()
  const thread = openDecisionThread()
  const topics = openStoredTopics(thread)
  const stored = new Map(topics.map((topic) => [topic.topic.name, topic]))
  const types = openTableTypes(client, { logger, cluster: endpoint.cluster })
  const options = {
    client,
    logger,
    cluster: endpoint.cluster,
    types,
    metrics: storageMetrics(
      runtime.metrics,
      runtime.eventLog,
      topics.map(({ topic }) => topic),
    ),
    signal: stopping.signal,
    random: Math.random,
  }
  const migrated = prepareTables(client, config, { logger, cluster: endpoint.cluster }).catch(
    async (error: unknown) => {
      // Tables of a newer version, a migration that was changed: no repeat makes it right.
      if (error instanceof GatewatchError && !error.retriable) {
        await Promise.all([client.close(), thread.close()])
        throw error
      }
      logger.warn({ err: error }, 'the store is away; rows wait in the log')
    },
  )
  // A store that takes the connection and says nothing is away as well; the first block migrates then.
  await Promise.race([migrated, pause(START_PATIENCE_MS, undefined, { ref: false })])
  const batches = openBatchStore(stored, options)
  const warn = warnNowAndThen(logger, stopping.signal)
  const consumption = await runtime.eventLog.consume({
    group: GROUP,
    topics: topics.map(({ topic }) => topic),
    handle: (batch) => batches.store(batch),
    ahead: (batch) => batches.prepare(batch),
    max_records: config.max_rows,
    max_bytes: config.max_bytes,
    min_records: config.min_rows,
    linger_ms: config.linger_ms,
    pinned: true,
    span: config.share === 'topics' ? 'group' : 'partition',
    failed: (error) => {
      types.forget()
      warn(error)
    },
  })
  const rollUp = startRollUp({ client, logger, metrics: runtime.metrics, cluster: endpoint.cluster })
  logger.info({ tables: new Set(topics.map(({ table }) => table)).size }, 'storage started')
  return {
    async stop() {
      // A batch in hand may finish, unless it waits for a store that is away.
      const patience = setTimeout(() => {
        stopping.abort(new Error('storage is being stopped'))
        // Ends the requests under way too: a silent store would hold them for two minutes.
        void client.close()
      }, STOP_PATIENCE_MS)
      const rolledUp = rollUp.stop()
      try {
        await consumption.stop()
        await rolledUp
      } finally {
        clearTimeout(patience)
        await Promise.all([client.close(), thread.close()])
      }
    },
  }
}

async function prepareTables(
  client: ClickHouseClient,
  { retention }: StorageConfig,
  options: ApplyRetentionOptions,
): Promise<void> {
  await migrate(client, options)
  await applyRetention(client, retention, options)
}

const START_PATIENCE_MS = 5_000
const STOP_PATIENCE_MS = 2_000
const WARN_EVERY_MS = 30_000

/** A store that is away for an hour is said at once and twice a minute, not at every try. */
function warnNowAndThen(logger: Logger, stopping: AbortSignal): (error: unknown) => void {
  let warnedAt = -WARN_EVERY_MS
  let unsaid = 0
  return (error) => {
    if (stopping.aborted) return
    unsaid++
    if (performance.now() - warnedAt < WARN_EVERY_MS) return
    logger.warn(
      { err: error, tries: unsaid },
      isDiskFull(error)
        ? 'the disk of the store is full, and rows wait in the log; make room where clickhouse has its data'
        : 'rows could not be stored; they wait in the log',
    )
    warnedAt = performance.now()
    unsaid = 0
  }
}

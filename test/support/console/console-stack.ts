import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { ConsoleConfig } from '../../../services/console/config.ts'
import { openConsole } from '../../../services/console/main.ts'
import { FeedbackConfig } from '../../../services/feedback/config.ts'
import { startFeedback } from '../../../services/feedback/main.ts'
import { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import type { ClickHouseEndpoint } from '../../../services/runtime/clickhouse/endpoint.ts'
import { migrate } from '../../../services/runtime/clickhouse/migrate.ts'
import { startEngine } from '../../../services/runtime/clickhouse/start-engine.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import type { Runtime } from '../../../services/runtime/runtime.ts'
import { openSecret } from '../../../services/runtime/secrets.ts'
import { openTokens } from '../../../services/runtime/tokens.ts'
import { StorageConfig } from '../../../services/storage/config.ts'
import { startStorage } from '../../../services/storage/main.ts'

export interface ConsoleStack {
  readonly runtime: Runtime
  /** Address of the page, with a slash at the end. */
  readonly url: string
  /** An analyst's token. */
  readonly token: string
  readonly clickhouse: ClickHouseEndpoint
  /** Kills the store's process for good, as an outage would. */
  stopStore(): Promise<void>
  stop(): Promise<void>
}

/** The console on feedback's server, with the real log, store and storage worker, in a directory of its own. */
export async function startConsoleStack(settings: Partial<ConsoleConfig> = {}): Promise<ConsoleStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatewatch-console-'))
  const logger = pino({ level: process.env['TEST_LOG'] ?? 'silent' })
  const eventLog = await openEmbeddedLog({ directory: join(dataDir, 'log'), logger })
  const runtime: Runtime = { dataDir, logger, metrics: new Registry(), eventLog }
  const engine = await startEngine({ dataDir, logger })
  // Storage would go on making tables behind its start where that takes long, and tests ask for them at once.
  const client = openClickHouse(engine.endpoint)
  await migrate(client)
  await client.close()
  const storage = await startStorage(runtime, StorageConfig.parse({ linger_ms: 50 }), engine)
  const tokens = await openTokens(dataDir)
  const token = await tokens.create({ name: 'alice-the-analyst', scopes: ['analyst'] })
  const console = await openConsole(runtime, ConsoleConfig.parse(settings), {
    clickhouse: engine.endpoint,
    tokens,
    erasure_key: () => openSecret(dataDir, 'erasure'),
  })
  const feedback = await startFeedback(runtime, FeedbackConfig.parse({ port: 0 }), {
    tokens,
    plugins: [console.plugin],
  })
  let storeRuns = true
  const stopStore = async () => {
    if (!storeRuns) return
    storeRuns = false
    await storage.stop()
    await engine.stop()
  }
  return {
    runtime,
    url: `http://127.0.0.1:${feedback.port}/`,
    token,
    clickhouse: engine.endpoint,
    stopStore,
    async stop() {
      await feedback.stop()
      await console.stop()
      await stopStore()
      await eventLog.close()
      await rm(dataDir, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

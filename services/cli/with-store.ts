import type { Store } from '../runtime/clickhouse/open-store.ts'
import type { CliContext } from './context.ts'

/** Runs on the store that the configuration means, migrated when it is the embedded one. */
export async function withStore<T>(context: CliContext, run: (store: Store) => Promise<T>): Promise<T> {
  const config = await context.loadConfig()
  const [
    { openDataDir },
    { openStore },
    { openClickHouse },
    { migrate },
    { createLogger, terminalDestination },
  ] = await Promise.all([
    import('../runtime/data-dir.ts'),
    import('../runtime/clickhouse/open-store.ts'),
    import('../runtime/clickhouse/client.ts'),
    import('../runtime/clickhouse/migrate.ts'),
    import('../runtime/logger.ts'),
  ])
  const logger = createLogger({ level: 'warn', destination: terminalDestination(process.stderr) })
  const dataDir = await openDataDir(config.data_dir)
  const store = await openStore({ dataDir, settings: config.clickhouse, logger })
  try {
    if (store.from === 'own-engine') {
      const client = openClickHouse(store.endpoint)
      try {
        await migrate(client, { cluster: store.endpoint.cluster })
      } finally {
        await client.close()
      }
    }
    return await run(store)
  } finally {
    await store.stop()
  }
}

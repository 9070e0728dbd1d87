import type { ClickHouseConfig } from '../../config.ts'
import { openClickHouse } from '../../runtime/clickhouse/client.ts'
import { locateEngine } from '../../runtime/clickhouse/endpoint-file.ts'
import type { ClickHouseEndpoint } from '../../runtime/clickhouse/endpoint.ts'
import { startEngine } from '../../runtime/clickhouse/start-engine.ts'
import type { Running, Runtime } from '../../runtime/runtime.ts'
import { readSecretFile } from '../../runtime/secrets.ts'

export interface Store extends Running {
  readonly endpoint: ClickHouseEndpoint
  /** Port of the engine's HTTP interface, null when it isn't opened or is another machine's. */
  readonly port: number | null
}

/** The store of this configuration: a server by URL, the engine that another process here runs, or one of our own. */
export async function startStore(runtime: Runtime, config: ClickHouseConfig): Promise<Store> {
  if (config.url !== undefined) {
    const password =
      config.password_file === undefined
        ? (config.password ?? '')
        : await readSecretFile(config.password_file, 'clickhouse.password_file')
    const { url, username, database } = config
    return { endpoint: { url, username, password, database }, port: null, stop: async () => {} }
  }
  const running = await locateEngine(runtime.dataDir)
  if (running) return { endpoint: running, port: null, stop: async () => {} }
  const engine = await startEngine({
    dataDir: runtime.dataDir,
    logger: runtime.logger.child({ service: 'engine' }),
    metrics: runtime.metrics,
    ...(config.listen ? { listen: config.listen } : {}),
  })
  return { endpoint: engine.endpoint, port: engine.port, stop: () => engine.stop() }
}

/** Why the store can't be used now, or null. */
export async function storeTrouble(endpoint: ClickHouseEndpoint): Promise<string | null> {
  const client = openClickHouse(endpoint, { readonly: true, request_timeout_ms: 900 })
  try {
    await client.query({ query: 'SELECT 1', format: 'JSONEachRow' })
    return null
  } catch {
    return 'the store does not answer'
  } finally {
    await client.close()
  }
}

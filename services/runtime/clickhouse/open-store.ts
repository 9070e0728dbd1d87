import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { GatewatchError } from '../errors.ts'
import { readNamedFile } from '../named-file.ts'
import { readSecretFile } from '../secrets.ts'
import { checkServer } from './check-server.ts'
import { locateEngine } from './endpoint-file.ts'
import type { ClickHouseEndpoint } from './endpoint.ts'
import { startEngine } from './start-engine.ts'

/** The `clickhouse` section of the configuration, as far as it concerns reaching the store. */
export interface StoreSettings {
  readonly url?: string | undefined
  readonly username: string
  readonly password?: string | undefined
  readonly password_file?: string | undefined
  readonly database: string
  readonly ssl?:
    | {
        readonly ca_file: string
        readonly cert_file?: string | undefined
        readonly key_file?: string | undefined
      }
    | undefined
  readonly cluster?: string | undefined
  readonly listen?: { readonly host: string; readonly port: number } | undefined
  readonly cold_dir?: string | undefined
}

export interface Store {
  readonly endpoint: ClickHouseEndpoint
  /** Where the store comes from: a server, an engine that another process holds, or one of our own. */
  readonly from: 'server' | 'other-process' | 'own-engine'
  /** Port of our own engine's HTTP interface; null when it isn't opened or is another's. */
  readonly port: number | null
  /** Stops the engine when it is our own. */
  stop(): Promise<void>
}

/**
 * Reaches the store that the configuration means: a server when `url` is set,
 * else the engine of the data directory, which is started when no living
 * process has it. Two that start it at once: one wins, the other uses it.
 */
export async function openStore(options: {
  readonly dataDir: string
  readonly settings: StoreSettings
  readonly logger: Logger
  readonly metrics?: Registry
}): Promise<Store> {
  const { dataDir, settings, logger, metrics } = options
  const nothing = () => Promise.resolve()
  if (settings.url !== undefined) {
    const endpoint = await serverEndpoint(settings.url, settings)
    try {
      await checkServer(endpoint)
    } catch (error) {
      // Enforcement must not wait for a store that is away; what is wrong for good is refused.
      if (!(error instanceof GatewatchError && error.retriable)) throw error
      logger.warn({ err: error }, 'the store is away')
    }
    return { endpoint, from: 'server', port: null, stop: nothing }
  }
  const living = await locateEngine(dataDir)
  if (living) return { endpoint: living, from: 'other-process', port: null, stop: nothing }
  try {
    const engine = await startEngine({
      dataDir,
      logger,
      ...(settings.listen && { listen: settings.listen }),
      ...(settings.cold_dir !== undefined && { coldDir: settings.cold_dir }),
      ...(metrics && { metrics }),
    })
    return { endpoint: engine.endpoint, from: 'own-engine', port: engine.port, stop: () => engine.stop() }
  } catch (error) {
    if (!(error instanceof GatewatchError && error.code === 'ERR_DATA_DIR_IN_USE')) throw error
    const started = await locatedSoon(dataDir)
    if (!started) throw error
    return { endpoint: started, from: 'other-process', port: null, stop: nothing }
  }
}

async function serverEndpoint(url: string, settings: StoreSettings): Promise<ClickHouseEndpoint> {
  const password =
    settings.password_file === undefined
      ? (settings.password ?? '')
      : await readSecretFile(settings.password_file, 'clickhouse.password_file')
  const { ssl, cluster } = settings
  const read = (path: string, setting: string) => readNamedFile(path, `clickhouse.ssl.${setting}`)
  return {
    url,
    username: settings.username,
    password,
    database: settings.database,
    ...(cluster !== undefined && { cluster }),
    ...(ssl && {
      tls: {
        ca: await read(ssl.ca_file, 'ca_file'),
        ...(ssl.cert_file !== undefined && { cert: await read(ssl.cert_file, 'cert_file') }),
        ...(ssl.key_file !== undefined && { key: await read(ssl.key_file, 'key_file') }),
      },
    }),
  }
}

/** The engine's holder may still be opening it. */
async function locatedSoon(dataDir: string): Promise<ClickHouseEndpoint | null> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
    const endpoint = await locateEngine(dataDir)
    if (endpoint) return endpoint
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return null
}

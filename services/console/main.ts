import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { openClickHouse } from '../runtime/clickhouse/client.ts'
import type { ClickHouseEndpoint } from '../runtime/clickhouse/endpoint.ts'
import { erasedBefore } from '../runtime/erasures/erased-before.ts'
import { authenticate, isStillAuthenticated } from '../runtime/http/authenticate.ts'
import { sessionRoutes } from '../runtime/http/session.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'
import type { Tokens } from '../runtime/tokens.ts'
import { readAssets } from './asset-files.ts'
import { caseRoutes } from './cases/routes.ts'
import type { ConsoleConfig } from './config.ts'
import { readDefinitions } from './dashboards/definition.ts'
import { dashboardRoutes } from './dashboards/routes.ts'
import { openLive } from './live.ts'
import { openCases } from './open-cases.ts'
import { pageRoutes } from './page-routes.ts'
import { policyRoutes } from './policy/routes.ts'
import { queryRoutes } from './queries/routes.ts'
import { consoleRoutes } from './routes.ts'
import { readRunbooks, runbookRoute } from './runbooks.ts'
import { storeOf } from './store/store.ts'
import { streamRoute } from './stream-route.ts'

export interface ConsoleExtras {
  readonly clickhouse: ClickHouseEndpoint
  readonly tokens: Tokens
  /** Files and directories with checkpoints, for the proofs of case files; the log has them too. */
  readonly checkpoint_paths?: readonly string[]
  /** The key of the marks by which erased persons are known again. */
  readonly erasure_key: () => Promise<string>
}

export interface OpenConsole extends Running {
  /** Mounted on feedback's server: the page, its session, and its questions to store and log. */
  readonly plugin: FastifyPluginAsync
}

/** Wires the console: one client of the store, one reader of the log for all live views, and the plugin. */
export async function openConsole(
  runtime: Runtime,
  config: ConsoleConfig,
  { clickhouse, tokens, checkpoint_paths = [], erasure_key }: ConsoleExtras,
): Promise<OpenConsole> {
  const { eventLog, logger, metrics } = runtime
  const [assets, definitions, runbooks] = await Promise.all([readAssets(), readDefinitions(), readRunbooks()])
  const client = openClickHouse(clickhouse, { readonly: true })
  const store = storeOf(client, config.query_timeout_s)
  const cases = openCases(runtime, clickhouse, checkpoint_paths)
  const live = openLive({
    eventLog,
    logger,
    metrics,
    rows_per_second: config.live_rows_per_second,
    viewers: config.live_viewers,
  })

  async function plugin(app: FastifyInstance): Promise<void> {
    pageRoutes(app, assets)
    runbookRoute(app, runbooks)
    await app.register(sessionRoutes(tokens))
    await app.register(async (api) => {
      api.addHook('preHandler', authenticate(tokens, 'analyst'))
      const erased = erasedBefore(eventLog, erasure_key)
      consoleRoutes(api, { store, eventLog, erasedBefore: erased })
      policyRoutes(api, { store, eventLog })
      const { query_timeout_s, prometheus_url } = config
      dashboardRoutes(api, definitions, { client, query_timeout_s, prometheus_url })
      caseRoutes(api, cases, erased)
      queryRoutes(api, { client, dataDir: runtime.dataDir, query_timeout_s: config.query_timeout_s })
      streamRoute(api, live, (request) => isStillAuthenticated(tokens, request))
    })
  }

  return {
    plugin,
    async stop() {
      await live.stop()
      await cases.stop()
      await client.close()
    },
  }
}

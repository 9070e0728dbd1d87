import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import { authenticate, isStillAuthenticated } from '../../runtime/http/authenticate.ts'
import { buildServer, type BuildServerOptions } from '../../runtime/http/server.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import type { Tokens } from '../../runtime/tokens.ts'
import type { FeedbackConfig } from '../config.ts'
import type { Hub } from '../feed/hub.ts'
import { riskStream } from '../feed/risk-stream.ts'
import type { LedgerParameters } from '../ledger/parameters.ts'
import type { FeedbackMetrics } from '../metrics.ts'
import { asProblem, problem, refuseMistakes } from './problem.ts'
import { readRoutes } from './routes.ts'
import { verdictRoutes } from './verdict-routes.ts'
import type { Views } from './views.ts'

/** Requests a minute from one address; the console asks every few seconds. */
const REQUESTS_PER_MINUTE = 1200

export interface FeedbackServerOptions {
  readonly config: FeedbackConfig
  readonly tls: BuildServerOptions['tls']
  readonly logger: Logger
  readonly eventLog: EventLog
  readonly tokens: Tokens
  readonly tenant: string
  readonly parameters: LedgerParameters
  readonly metrics: FeedbackMetrics
  readonly hub: Hub
  readonly views: Views
  /** More routes on the same server: the console. They see to their own authentication. */
  readonly plugins: readonly FastifyPluginAsync[]
  readonly now: () => number
}

/** The unstarted server of the feedback API, the risk feed and what else is mounted on it. */
export async function buildFeedbackServer(options: FeedbackServerOptions): Promise<FastifyInstance> {
  const { config, tokens, tls } = options
  const app = buildServer({ logger: options.logger, body_limit: 65_536, ...(tls ? { tls } : {}) })
  await app.register(rateLimit, {
    global: true,
    max: REQUESTS_PER_MINUTE,
    timeWindow: 60_000,
    cache: 10_000,
    errorResponseBuilder: (_request, context) =>
      Object.assign(new Error(`Too many requests; wait ${Math.ceil(context.ttl / 1000)} s.`), {
        statusCode: context.statusCode,
        code: 'ERR_RATE_LIMITED',
      }),
  })
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('content-security-policy'))
      void reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store')
    void reply.header('x-content-type-options', 'nosniff')
    void reply.header('referrer-policy', 'no-referrer')
    if (tls) void reply.header('strict-transport-security', 'max-age=31536000')
  })

  await app.register(async (api) => {
    api.addHook('preSerialization', asProblem)
    api.setErrorHandler(async (fault, request, reply) => {
      const error = refuseMistakes(fault)
      const status = statusOf(error)
      if (status >= 500) request.log.error({ err: error, request_id: request.id }, 'a request failed')
      const detail =
        status < 500 && error instanceof Error
          ? error.message
          : 'Something failed on our side; the log of this process says what.'
      const code =
        status < 500 && error instanceof Error && 'code' in error ? String(error.code) : 'ERR_INTERNAL'
      return reply.code(status).send(problem(status, code, detail))
    })
    const analyst = authenticate(tokens, 'analyst')
    await api.register(readRoutes({ ...options, allowed: analyst }))
    await api.register(verdictRoutes({ ...options, allowed: analyst }))
    await api.register(
      riskStream({
        ...options,
        config: config.feed,
        allowed: authenticate(tokens, 'risk-feed', 'analyst'),
        stillAllowed: (request) => isStillAuthenticated(tokens, request),
      }),
    )
  })
  for (const plugin of options.plugins) await app.register(plugin)
  return app
}

function statusOf(error: unknown): number {
  if (typeof error === 'object' && error !== null && 'statusCode' in error) {
    const status = Number(error.statusCode)
    if (status >= 400 && status < 600) return status
  }
  return 500
}

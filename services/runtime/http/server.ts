import type { ServerOptions } from 'node:https'
import fastify, { LogController } from 'fastify'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { GatewatchError } from '../errors.ts'

export interface BuildServerOptions {
  readonly logger: Logger
  /** From `readTls`; null or absent: plain HTTP. */
  readonly tls?: ServerOptions | null
  /** Largest request body, in bytes. Default 64 KiB. */
  readonly body_limit?: number
  /** A request must have arrived in full within this time. Default 15 s. Answers (SSE) may take as long as they like. */
  readonly request_timeout_ms?: number
  /**
   * Requests under way are answered when the server is closed (by `closeServer`).
   * Default: they are cut off, since streams never end by themselves.
   */
  readonly finish_requests?: boolean
}

/**
 * An unstarted server with every limit set. Faults answer with a code and one
 * sentence, never with a stack; what is unexpected answers 500 and is logged.
 */
export function buildServer(options: BuildServerOptions): FastifyInstance {
  const logger: FastifyBaseLogger = options.logger
  const app = fastify({
    loggerInstance: logger,
    // A line a request is no log for people; decisions are recorded elsewhere.
    logController: new LogController({ disableRequestLogging: true }),
    // A logger of its own for each request costs a compilation of the redaction; the error handlers name the request instead.
    childLoggerFactory: (parent) => parent,
    bodyLimit: options.body_limit ?? 65_536,
    requestTimeout: options.request_timeout_ms ?? 15_000,
    connectionTimeout: 0,
    keepAliveTimeout: 60_000,
    maxRequestsPerSocket: 0,
    routerOptions: { maxParamLength: 512 },
    forceCloseConnections: options.finish_requests === true ? 'idle' : true,
    return503OnClosing: true,
    http: { maxHeaderSize: 16_384, headersTimeout: 15_000 },
    ...(options.tls ? { https: { ...options.tls, maxHeaderSize: 16_384, headersTimeout: 15_000 } } : {}),
  })
  app.setErrorHandler(async (error, request, reply) => {
    const status = statusOf(error)
    if (status >= 500) request.log.error({ err: error, request_id: request.id }, 'a request failed')
    return reply.code(status).send(describe(error, status))
  })
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ code: 'ERR_NOT_FOUND', message: 'There is nothing at this path.' }),
  )
  return app
}

function statusOf(error: unknown): number {
  if (error instanceof GatewatchError) return error.code === 'ERR_USAGE' ? 400 : 503
  if (typeof error === 'object' && error !== null && 'statusCode' in error) {
    const status = Number(error.statusCode)
    if (status >= 400 && status < 600) return status
  }
  return 500
}

function describe(error: unknown, status: number): { code: string; message: string } {
  if (error instanceof GatewatchError) return { code: error.code, message: error.message }
  if (status < 500 && error instanceof Error)
    return { code: 'code' in error ? String(error.code) : 'ERR_REQUEST', message: error.message }
  return { code: 'ERR_INTERNAL', message: 'Something failed on our side; the log of this process says what.' }
}

import { Transform } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { ServerOptions } from 'node:https'
import type { Socket } from 'node:net'
import replyFrom from '@fastify/reply-from'
import fastify, { LogController } from 'fastify'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Enforce, Permitted } from '../enforce.ts'
import { liveConnection } from './connections.ts'
import type { LiveConnections } from './connections.ts'
import { clientHeaders, upstreamHeaders } from './headers.ts'
import { readFacts } from './request-facts.ts'
import type { RequestFacts } from './request-facts.ts'
import { answerRefusal, wantsPage } from './respond.ts'
import type { Answer, AnswerOptions } from './respond.ts'

/** Pages of the gateway itself, below a path that no application gets to see. */
const RESERVED = '/.gatewatch/'

export interface ProxyOptions {
  readonly logger: Logger
  readonly tls: ServerOptions | null
  readonly enforce: Enforce
  readonly connections: LiveConnections
  readonly trusted: (address: string) => boolean
  /** Answers a request below `RESERVED`. */
  readonly reserved: (facts: RequestFacts, request: IncomingMessage) => Promise<Answer>
  /** Where a browser goes to sign in for this request; null: the provider does not answer. */
  readonly signIn: (
    facts: RequestFacts,
    stepUp: { acr?: string; max_age_s?: number } | undefined,
  ) => Promise<Answer>
  readonly answerOptions: (facts: RequestFacts) => Omit<AnswerOptions, 'wants_page'>
  readonly now: () => number
  readonly limits: {
    readonly header_bytes: number
    readonly body_bytes: number
    readonly connections: number
    readonly upstream_timeout: number
    readonly connect_timeout: number
  }
  readonly upstreamAnswered: (status_class: string) => void
  /** A request that is no HTTP; recorded like any other. */
  readonly malformed: (socket: Socket) => void
}

/**
 * The server in front of the applications. Every request takes the one route:
 * the router sees `/` only, because paths are matched by the policy, in
 * canonical form.
 */
export function buildProxy(options: ProxyOptions): FastifyInstance {
  const { limits } = options
  const logger: FastifyBaseLogger = options.logger
  const http = {
    maxHeaderSize: limits.header_bytes,
    headersTimeout: 15_000,
    // Any other protocol that a client offers to switch to (h2c) is ignored, and the request served as it is.
    shouldUpgradeCallback: (request: IncomingMessage) =>
      request.headers.upgrade?.toLowerCase() === 'websocket',
  }
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // As in every server of ours: a logger for each request costs a compilation of the redaction.
    childLoggerFactory: (parent) => parent,
    exposeHeadRoutes: false,
    bodyLimit: Math.max(1, limits.body_bytes),
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: 60_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    rewriteUrl: () => '/',
    http,
    ...(options.tls ? { https: { ...options.tls, ...http } } : {}),
    clientErrorHandler(_error, socket) {
      options.malformed(socket)
      if (socket.writable)
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      else socket.destroy()
    },
  })
  app.server.maxConnections = limits.connections
  // Bodies are passed on as they come, never parsed.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  void app.register(replyFrom, {
    disableRequestLogging: true,
    disableCache: true,
    destroyAgent: true,
    undici: {
      connections: 256,
      pipelining: 1,
      headersTimeout: limits.upstream_timeout,
      bodyTimeout: 0,
      connect: { timeout: limits.connect_timeout },
    },
  })
  const handle = async (request: FastifyRequest, reply: FastifyReply) => serve(options, request, reply)
  app.all('/', handle)
  app.setNotFoundHandler(handle)
  app.setErrorHandler(async (error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) request.log.error({ err: error, request_id: request.id }, 'a request failed')
    return reply.code(status).send()
  })
  return app
}

async function serve(options: ProxyOptions, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const raw = request.raw
  const facts = readFacts(raw, request.originalUrl, options.trusted)
  if (facts.path?.path.startsWith(RESERVED)) return send(reply, await options.reserved(facts, raw))
  const wants_page = wantsPage(facts.method, raw.headers)
  const ruling = await options.enforce({
    headers: raw.headers,
    facts,
    certificate: certificateOf(raw.socket),
    wants_page,
  })
  const answerWith = { ...options.answerOptions(facts), wants_page }
  if (ruling.kind === 'refuse') {
    if (ruling.sign_in) return send(reply, await options.signIn(facts, ruling.step_up))
    return send(reply, answerRefusal(ruling, answerWith))
  }
  if ((facts.bytes_in ?? 0) > options.limits.body_bytes) {
    return send(reply, { status: 413, headers: { connection: 'close' }, body: '' })
  }
  return forward(options, request, reply, facts, ruling)
}

function forward(
  options: ProxyOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  facts: RequestFacts,
  ruling: Permitted,
): FastifyReply {
  const { decided, decision_id, match } = ruling
  const done = options.connections.add(liveConnection(ruling, () => reply.raw.destroy()))
  reply.raw.once('close', done)
  if (reply.raw.destroyed) done()
  limitBody(request, options.limits.body_bytes, () => reply.raw.destroy())
  return reply.from(facts.path?.path ?? '/', {
    getUpstream: () => match.route.route.upstream,
    queryString: () => (facts.path?.query ?? '').slice(1),
    retryDelay: () => null,
    rewriteRequestHeaders: (_request, headers) => {
      const out = upstreamHeaders(request.raw.headers, facts, decided, decision_id, {
        consumedBearer: usedBearer(request.raw),
      })
      // The upstream's own name, as its certificate and its virtual hosts know it.
      const { host, 'content-length': length } = headers
      if (host !== undefined) out['host'] = host
      if (facts.method === 'GET' || facts.method === 'HEAD') delete out['content-length']
      else if (length !== undefined) out['content-length'] = length
      return out
    },
    rewriteHeaders: (headers) => clientHeaders(headers, decision_id),
    onResponse: (_request, answered, upstream) => {
      options.upstreamAnswered(`${Math.floor(answered.statusCode / 100)}xx`)
      // An upstream that breaks off breaks off here too, rather than ending well.
      upstream.stream.once('error', () => reply.raw.destroy())
      void answered.send(upstream.stream)
    },
    onError: (_reply, { error }) => {
      options.upstreamAnswered('error')
      options.logger.warn(
        { err: error, route: match.route.route.id, decision_id },
        'the upstream did not answer',
      )
      void send(reply, unreachable(facts, request.raw, options, decision_id, error))
    },
  })
}

/** The decision stood: the refusal is the network's. 502, or 504 where the upstream took too long. */
function unreachable(
  facts: RequestFacts,
  request: IncomingMessage,
  options: ProxyOptions,
  decision_id: string,
  error: unknown,
): Answer {
  const timedOut = error instanceof Error && 'statusCode' in error && error.statusCode === 504
  const page = answerRefusal(
    {
      kind: 'refuse',
      decision_id,
      status: timedOut ? 504 : 502,
      outcome: 'permit',
      reasons: ['upstream_unreachable'],
      sign_in: false,
    },
    { ...options.answerOptions(facts), wants_page: wantsPage(facts.method, request.headers) },
  )
  return page
}

/** Content-Length was checked before; this is for bodies that come in chunks. */
function limitBody(request: FastifyRequest, limit: number, tooLong: () => void): void {
  const { body } = request
  if (!isStream(body) || request.headers['content-length'] !== undefined) return
  let bytes = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length
      if (bytes <= limit) next(null, chunk)
      else {
        next(new Error('the body is too long'))
        tooLong()
      }
    },
  })
  body.once('error', (error) => counter.destroy(error))
  counter.once('error', () => {})
  request.body = body.pipe(counter)
}

function isStream(value: unknown): value is NodeJS.ReadableStream {
  return typeof value === 'object' && value !== null && 'pipe' in value && typeof value.pipe === 'function'
}

export function usedBearer(request: IncomingMessage): boolean {
  return /^bearer /i.test(request.headers.authorization ?? '')
}

/** SHA-256 thumbprint, in hexadecimal, of a client certificate that TLS verified. */
export function certificateOf(socket: Socket): string | null {
  if (!('authorized' in socket) || socket.authorized !== true || !('getPeerCertificate' in socket))
    return null
  if (typeof socket.getPeerCertificate !== 'function') return null
  const certificate: unknown = socket.getPeerCertificate()
  if (typeof certificate !== 'object' || certificate === null || !('fingerprint256' in certificate))
    return null
  const print = certificate.fingerprint256
  return typeof print === 'string' ? print.replaceAll(':', '').toLowerCase() : null
}

async function send(reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  return reply.code(answer.status).headers(answer.headers).send(answer.body)
}

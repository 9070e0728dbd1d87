import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { authenticate, holderOf } from '../../../runtime/http/authenticate.ts'
import { closeServer } from '../../../runtime/http/close-server.ts'
import { listen } from '../../../runtime/http/listen.ts'
import { buildServer } from '../../../runtime/http/server.ts'
import { readTls } from '../../../runtime/http/tls.ts'
import type { Running } from '../../../runtime/runtime.ts'
import type { Tokens } from '../../../runtime/tokens.ts'
import type { CollectorConfig } from '../config.ts'
import type { Taken } from '../offer.ts'

export interface Push {
  readonly body: Buffer
  /** The name of the token that it came with. */
  readonly sender: string
  /** What the sender calls this push, should it send it again; null: its bytes say so. */
  readonly key: string | null
}

export type PushAnswer =
  | { readonly status: 200; readonly taken: Taken }
  | { readonly status: 400 | 403 | 413 | 503; readonly code: string; readonly message: string }

export interface PushListener extends Running {
  readonly port: number
  /** Hands the pushes for a source to it, until the returned function is called. */
  serve(source: string, handle: (push: Push) => Promise<PushAnswer>): () => void
}

/** Nothing larger is read for any source; each has a bound of its own below. */
const MAX_BODY_BYTES = 67_108_864
const RETRY_AFTER_S = 5

/**
 * Where pushes come in: `POST /v1/push/<source>`, and the same with OPA's own
 * path behind it (`/logs`, `/logs/<partition>`), so that OPA needs nothing but
 * the address. Every request needs a token of scope `collector`. A source that
 * does not run here and now answers 503: come again.
 */
export async function openPushListener(
  config: CollectorConfig['http'],
  parts: { readonly tokens: Tokens; readonly logger: Logger; readonly sources: readonly string[] },
): Promise<PushListener> {
  const handlers = new Map<string, (push: Push) => Promise<PushAnswer>>()
  const known = new Set(parts.sources)
  const app = buildServer({
    logger: parts.logger,
    tls: await readTls(config.tls, 'collector.http.tls'),
    body_limit: MAX_BODY_BYTES,
    request_timeout_ms: 60_000,
    finish_requests: true,
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  async function push(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const name = sourceOf(request.params)
    if (!known.has(name)) {
      return reply.code(404).send({ code: 'ERR_NOT_FOUND', message: 'There is no source of this name.' })
    }
    const handle = handlers.get(name)
    const key = request.headers['idempotency-key']
    const answer: PushAnswer =
      handle === undefined
        ? { status: 503, code: 'ERR_NOT_READY', message: 'This source does not run here now; send it again.' }
        : await handle({
            body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
            sender: holderOf(request)?.name ?? '',
            key: typeof key === 'string' && key !== '' ? key.slice(0, 256) : null,
          })
    if (answer.status === 200) return reply.code(200).send(answer.taken)
    if (answer.status === 503) void reply.header('retry-after', String(RETRY_AFTER_S))
    return reply.code(answer.status).send({ code: answer.code, message: answer.message })
  }

  // Who may not push makes us read no body.
  const onRequest = authenticate(parts.tokens, 'collector')
  for (const path of ['/v1/push/:source', '/v1/push/:source/logs', '/v1/push/:source/logs/*'])
    app.post(path, { onRequest }, push)
  const port = await listen(app, { host: config.host, port: config.port, setting: 'collector.http.port' })
  return {
    port,
    serve(source, handle) {
      handlers.set(source, handle)
      return () => {
        if (handlers.get(source) === handle) handlers.delete(source)
      }
    },
    stop: () => closeServer(app),
  }
}

function sourceOf(params: unknown): string {
  return typeof params === 'object' && params !== null && 'source' in params ? String(params.source) : ''
}

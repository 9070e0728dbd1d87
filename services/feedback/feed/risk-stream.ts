import type { FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import { z } from 'zod'
import { Tenant } from '../../../schemas/bounds.ts'
import { riskState } from '../../../schemas/topics.ts'
import type { EventLog, LogRecord } from '../../runtime/log/event-log.ts'
import type { FeedbackConfig } from '../config.ts'
import type { FeedbackMetrics } from '../metrics.ts'
import { EVENT_STREAM_HEADERS, EventStream, formatEvent } from './event-stream.ts'
import type { Hub } from './hub.ts'
import { formatPosition, parsePosition, start } from './position.ts'
import { type Placed, endOf, readBetween } from './tail.ts'

const Query = z.strictObject({ tenant: Tenant.optional() })

export interface RiskStreamOptions {
  readonly eventLog: EventLog
  readonly hub: Hub
  readonly config: FeedbackConfig['feed']
  readonly metrics: FeedbackMetrics
  readonly allowed: preHandlerAsyncHookHandler
  /** Asked again with every heartbeat: a revoked token ends its streams. */
  readonly stillAllowed: (request: FastifyRequest) => boolean
}

/**
 * `GET /api/v1/risk/stream`: every change of risk as a server-sent event.
 *
 * - `risk`: a risk state. `forgotten`: `{tenant, type, id}`, nothing is held
 *   against the entity any more. `caught_up`: what comes from here on is live.
 * - Without `Last-Event-ID` the present state of every entity comes first; with
 *   it, what changed since.
 * - A comment line every few seconds shows that the line is alive.
 */
export function riskStream(options: RiskStreamOptions) {
  const { eventLog, hub, config, metrics, allowed, stillAllowed } = options
  const open = new Map<EventStream, FastifyRequest>()

  return async function routes(app: FastifyInstance): Promise<void> {
    const heartbeat = setInterval(() => {
      for (const [stream, request] of open) {
        if (stillAllowed(request)) stream.send(': still here\n\n')
        else stream.end()
      }
    }, config.heartbeat)
    app.addHook('preClose', () => {
      clearInterval(heartbeat)
      for (const stream of open.keys()) stream.end()
    })

    app.get('/api/v1/risk/stream', { preHandler: allowed }, async (request, reply) => {
      const { tenant } = Query.parse(request.query)
      if (open.size >= config.max_subscribers) {
        metrics.cut_off.inc({ cause: 'too_many' })
        await reply.code(503).header('retry-after', '10').send({
          code: 'ERR_TOO_MANY_SUBSCRIBERS',
          message: 'As many streams are open as feedback.feed.max_subscribers allows; close one, or wait.',
        })
        return
      }
      const last = request.headers['last-event-id']
      const highs = await endOf(eventLog, riskState)
      const position = (typeof last === 'string' && parsePosition(last, highs)) || start(highs.length)
      reply.hijack()
      reply.raw.writeHead(200, EVENT_STREAM_HEADERS)
      const stream = new EventStream(reply.raw, config.max_unread_bytes, () => {
        metrics.cut_off.inc({ cause: 'slow' })
      })
      const prefix = tenant === undefined ? '' : `${tenant}/`
      const subscriber = {
        hear(change: Placed, id: string): void {
          if (change.record.key.startsWith(prefix)) stream.send(eventOf(change, id))
        },
      }
      open.set(stream, request)
      metrics.subscribers.set(open.size)
      reply.raw.once('close', () => {
        hub.leave(subscriber)
        open.delete(stream)
        metrics.subscribers.set(open.size)
      })
      try {
        await stream.sendPatiently('retry: 2000\n\n')
        while (stream.open && !hub.join(subscriber, position))
          await catchUp(eventLog, position, hub, prefix, stream)
        stream.send(formatEvent('caught_up', '{}', formatPosition(position)))
      } catch (error) {
        request.log.warn({ err: error, request_id: request.id }, 'a risk stream could not be read on')
        reply.raw.destroy()
      }
    })
  }
}

async function catchUp(
  eventLog: EventLog,
  position: number[],
  hub: Hub,
  prefix: string,
  stream: EventStream,
): Promise<void> {
  const to = [...hub.position]
  for await (const change of readBetween(eventLog, riskState, [...position], to)) {
    if (!stream.open) return
    position[change.partition] = change.record.offset + 1
    if (change.record.key.startsWith(prefix))
      await stream.sendPatiently(eventOf(change, formatPosition(position)))
  }
  for (const [partition, offset] of to.entries()) position[partition] = offset
}

function eventOf({ record }: Placed, id: string): string {
  return record.value === null
    ? formatEvent('forgotten', JSON.stringify(entityOf(record)), id)
    : formatEvent('risk', Buffer.from(record.value).toString('utf8'), id)
}

function entityOf({ key }: LogRecord): { tenant: string; type: string; id: string } {
  const [tenant = '', type = '', ...rest] = key.split('/')
  return { tenant, type, id: rest.join('/') }
}

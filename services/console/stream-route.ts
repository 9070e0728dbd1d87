import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DecisionFilter } from './decision-filter.ts'
import type { Live, Tick } from './live.ts'
import { refuseQuery } from './refuse.ts'

/** A viewer whose connection holds more than this unsent is skipped until it has caught up. */
const MOST_UNSENT_BYTES = 262_144

/**
 * `GET /api/v1/decisions/stream`: live decisions as server-sent events, one
 * event `decisions` every half second with the rows and how many were left out.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function streamRoute(
  app: FastifyInstance,
  live: Live,
  /** Asked again with every event: a revoked or expired token ends its streams. */
  stillAllowed: (request: FastifyRequest) => boolean,
): void {
  app.get('/api/v1/decisions/stream', async (request, reply) => {
    const filter = DecisionFilter.safeParse(request.query)
    if (!filter.success) return refuseQuery(reply, filter.error)
    let end: (() => void) | null = null
    let skipped = 0
    const { raw } = reply
    end = live.watch(filter.data, (tick) => {
      if (!stillAllowed(request)) {
        raw.end()
        return
      }
      if (raw.writableLength > MOST_UNSENT_BYTES) {
        skipped += tick.seen
        return
      }
      send(raw, tick, skipped)
      skipped = 0
    })
    if (!end) return tooMany(reply)
    const stop = end
    reply.hijack()
    raw.on('close', stop)
    raw.writeHead(200, {
      ...headersOf(reply),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    raw.write('retry: 2000\n\n')
    return reply
  })
}

function send(raw: FastifyReply['raw'], tick: Tick, skipped: number): void {
  const data = { ...tick, seen: tick.seen + skipped, left_out: tick.left_out + skipped }
  raw.write(`event: decisions\ndata: ${JSON.stringify(data)}\n\n`)
}

function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]))
}

function tooMany(reply: FastifyReply): FastifyReply {
  return reply.code(503).header('retry-after', '10').send({
    code: 'ERR_TOO_MANY_VIEWERS',
    message: 'As many live views are open as console.live_viewers allows; close one, or wait.',
  })
}

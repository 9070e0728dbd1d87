import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { proxyUpgrade } from 'httpxy'
import type { Permitted } from '../enforce.ts'
import { liveConnection } from './connections.ts'
import { upstreamHeaders } from './headers.ts'
import { readFacts } from './request-facts.ts'
import type { RequestFacts } from './request-facts.ts'
import { answerRefusal } from './respond.ts'
import type { Answer } from './respond.ts'
import { certificateOf, usedBearer } from './server.ts'
import type { ProxyOptions } from './server.ts'

/**
 * WebSocket upgrades: decided like any request, then two sockets joined until
 * one of them, or a revoke, ends both. No other protocol may be switched to.
 */
export function acceptUpgrades(server: Server, options: ProxyOptions): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    upgrade(options, request, socket, head).catch((error: unknown) => {
      options.logger.error({ err: error }, 'an upgrade failed')
      socket.destroy()
    })
  })
}

async function upgrade(
  options: ProxyOptions,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const facts = readFacts(request, request.url ?? '', options.trusted)
  const ruling = await options.enforce({
    headers: request.headers,
    facts,
    certificate: certificateOf(request.socket),
    wants_page: false,
  })
  if (ruling.kind === 'refuse') {
    end(socket, answerRefusal(ruling, { ...options.answerOptions(facts), wants_page: false }))
    return
  }
  if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') {
    end(socket, { status: 426, headers: { upgrade: 'websocket' }, body: '' })
    return
  }
  if (!fromOwnOrigin(request, facts)) {
    end(socket, { status: 403, headers: {}, body: '' })
    return
  }
  await join(options, request, socket, head, facts, ruling)
}

async function join(
  options: ProxyOptions,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  facts: RequestFacts,
  ruling: Permitted,
): Promise<void> {
  const { decided, decision_id, match } = ruling
  const { upstream } = match.route.route
  let upstreamSocket: Socket | null = null
  const done = options.connections.add(
    liveConnection(ruling, () => {
      socket.destroy()
      upstreamSocket?.destroy()
    }),
  )
  socket.once('close', done)
  // The library sends on what the request object holds, so that is what is rewritten.
  request.headers = upstreamHeaders(request.headers, facts, decided, decision_id, {
    upgrade: true,
    consumedBearer: usedBearer(request),
  })
  request.url = `${facts.path?.path ?? '/'}${facts.path?.query ?? ''}`
  try {
    upstreamSocket = await proxyUpgrade(upstream, request, socket, head, {
      xfwd: false,
      changeOrigin: true,
      upgradeTimeout: options.limits.upstream_timeout,
    })
    options.upstreamAnswered('1xx')
    // An ended half ends the whole: a WebSocket has no use for one direction.
    upstreamSocket.once('close', () => socket.destroy())
    const joined = upstreamSocket
    socket.once('close', () => joined.destroy())
    if (socket.destroyed) joined.destroy()
  } catch (error) {
    done()
    options.upstreamAnswered('error')
    options.logger.warn(
      { err: error, route: match.route.route.id, decision_id },
      'the upstream did not upgrade',
    )
    if (socket.writable) end(socket, { status: 502, headers: {}, body: '' })
  }
}

/**
 * Browsers send cookies along with WebSockets of any site and check nothing
 * (cross-site WebSocket hijacking), so the Origin that they must send is checked
 * here. Programs send none.
 */
function fromOwnOrigin(request: IncomingMessage, facts: RequestFacts): boolean {
  const { origin } = request.headers
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === facts.authority.toLowerCase()
}

function end(socket: Duplex, answer: Answer): void {
  const lines = [`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`]
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of [value].flat()) lines.push(`${name}: ${String(one).replaceAll(/[\r\n]/g, '')}`)
  }
  lines.push(`content-length: ${Buffer.byteLength(answer.body)}`, 'connection: close', '', answer.body)
  socket.end(lines.join('\r\n'))
}

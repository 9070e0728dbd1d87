import type { IncomingMessage } from 'node:http'
import { canonicalPath } from '../../policy/path.ts'
import type { CanonicalPath } from '../../policy/path.ts'
import { normalAddress } from '../address.ts'

/** What the request itself says, cleaned up once. */
export interface RequestFacts {
  /** The client, past trusted proxies. */
  readonly ip: string
  readonly port?: number
  /** The peer of the connection is a trusted proxy: its X-Forwarded-* and device header count. */
  readonly via_trusted_proxy: boolean
  readonly scheme: 'http' | 'https'
  /** Host header, lower case, without port; empty when it is malformed. */
  readonly host: string
  /** Host header as it came, for redirects back to the same place. */
  readonly authority: string
  readonly method: string
  /** The target as it came, cut to what an event holds. */
  readonly target: string
  /** Null: ambiguous or malformed. */
  readonly path: CanonicalPath | null
  readonly user_agent: string
  readonly bytes_in?: number
  readonly trace_id?: string
}

const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])$/
const MAX_HOPS = 32

/** Reads the facts of one request. `trusted` says whether an address is a trusted proxy's. */
export function readFacts(
  request: IncomingMessage,
  target: string,
  trusted: (address: string) => boolean,
): RequestFacts {
  const peer = normalAddress(request.socket.remoteAddress ?? '') ?? '0.0.0.0'
  const viaProxy = trusted(peer)
  const forwarded = viaProxy ? text(request.headers['x-forwarded-for']) : ''
  const ip = forwarded === '' ? peer : clientOf(forwarded, peer, trusted)
  const encrypted = 'encrypted' in request.socket && request.socket.encrypted === true
  const scheme =
    viaProxy && text(request.headers['x-forwarded-proto']) === 'https'
      ? 'https'
      : encrypted
        ? 'https'
        : 'http'
  const authority = hostsOf(request).length === 1 ? text(request.headers.host) : ''
  const port = ip === peer ? request.socket.remotePort : undefined
  const length = Number(request.headers['content-length'] ?? Number.NaN)
  const trace = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(
    text(request.headers['traceparent']),
  )
  return {
    ip,
    ...(port === undefined ? {} : { port }),
    via_trusted_proxy: viaProxy,
    scheme,
    host: hostOf(authority),
    authority,
    method: request.method ?? '',
    target: target.slice(0, 2048),
    path: canonicalPath(target),
    user_agent: text(request.headers['user-agent']).slice(0, 2048),
    ...(Number.isSafeInteger(length) && length >= 0 ? { bytes_in: length } : {}),
    ...(trace?.[1] === undefined ? {} : { trace_id: trace[1] }),
  }
}

/** The first address from the right that is no trusted proxy's: what stands left of it anybody may have written. */
function clientOf(forwarded: string, peer: string, trusted: (address: string) => boolean): string {
  let client = peer
  const hops = forwarded.split(',').slice(-MAX_HOPS)
  for (let index = hops.length - 1; index >= 0; index -= 1) {
    const address = normalAddress((hops[index] ?? '').trim().replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'))
    if (address === null) return client
    client = address
    if (!trusted(address)) return client
  }
  return client
}

/** RFC 9112 section 3.2: a request with two Host headers is answered 400, since two readers may take two. */
function hostsOf(request: IncomingMessage): string[] {
  const { rawHeaders } = request
  const hosts: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === 'host') hosts.push(rawHeaders[index + 1] ?? '')
  }
  return hosts
}

/** Host without port, lower case and without a final dot; empty when it is no host. */
export function hostOf(authority: string): string {
  const host = authority
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '')
  return HOST.test(host) ? host : ''
}

function text(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.[0] ?? '')
}

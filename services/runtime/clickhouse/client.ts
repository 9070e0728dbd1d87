import { Agent as HttpAgent } from 'node:http'
import { createClient, type ClickHouseClient } from '@clickhouse/client'
import type { ClickHouseEndpoint } from './endpoint.ts'

export interface OpenOptions {
  /** Speak as the account that can only read. Default false. */
  readonly readonly?: boolean
  /** Bound of one request, in ms. Default 120 s. */
  readonly request_timeout_ms?: number
  /** Instead of the endpoint's: before that one exists. */
  readonly database?: string
}

/**
 * Opens a client on an endpoint; close it when done. It connects at its first
 * query. Nothing is retried here: whoever writes knows what may be repeated.
 */
export function openClickHouse(endpoint: ClickHouseEndpoint, options: OpenOptions = {}): ClickHouseClient {
  const account = options.readonly === true ? (endpoint.reader ?? endpoint) : endpoint
  const overSocket = endpoint.socket_path !== undefined
  const { tls } = endpoint
  return createClient({
    url: endpoint.url,
    username: account.username,
    password: account.password,
    database: options.database ?? endpoint.database,
    application: 'gatewatch',
    request_timeout: options.request_timeout_ms ?? 120_000,
    max_open_connections: 8,
    // The client logs whole queries at its own levels; faults reach us as errors anyway.
    log: { level: 127 },
    ...(tls && {
      tls: { ca_cert: tls.ca, ...(tls.cert && tls.key && { cert: tls.cert, key: tls.key }) },
    }),
    ...(overSocket && { http_agent: socketAgent(endpoint.socket_path) }),
  })
}

/** Node's agent hands its own options to the connection, so this is all that a unix socket takes. */
function socketAgent(path: string | undefined): HttpAgent {
  const options = { keepAlive: true, maxSockets: 8, socketPath: path }
  return new HttpAgent(options)
}

import { claimedSubject } from './envoy-jwt.ts'
import { isObject, textOf, type JsonObject } from './json.ts'

/** Flags of the message, by the letters of the text log. */
const FLAGS: Readonly<Record<string, string>> = {
  failed_local_healthcheck: 'LH',
  no_healthy_upstream: 'UH',
  upstream_request_timeout: 'UT',
  local_reset: 'LR',
  upstream_remote_reset: 'UR',
  upstream_connection_failure: 'UF',
  upstream_connection_termination: 'UC',
  upstream_overflow: 'UO',
  no_route_found: 'NR',
  delay_injected: 'DI',
  fault_injected: 'FI',
  rate_limited: 'RL',
  unauthorized_details: 'UAEX',
  rate_limit_service_error: 'RLSE',
  downstream_connection_termination: 'DC',
  upstream_retry_limit_exceeded: 'URX',
  stream_idle_timeout: 'SI',
  invalid_envoy_request_headers: 'IH',
  downstream_protocol_error: 'DPE',
  upstream_max_stream_duration_reached: 'UMSDR',
  response_from_cache_filter: 'RFCF',
  no_filter_config_found: 'NFCF',
  duration_timeout: 'DT',
  upstream_protocol_error: 'UPE',
  no_cluster_found: 'NC',
  overload_manager: 'OM',
  dns_resolution_failure: 'DF',
  downstream_remote_reset: 'DR',
}

/** What has a name of its own in a row; all else is kept under the message's. */
const PLACED: ReadonlySet<string> = new Set([
  'common_properties',
  'request',
  'response',
  'downstream_remote_address',
  'response_flags',
  'custom_tags',
  'request_method',
  'original_path',
  'forwarded_for',
  'request_body_bytes',
  'response_body_bytes',
])

/**
 * The entries of a message of Envoy's Access Log Service in its JSON form
 * (`StreamAccessLogsMessage`, protobuf JSON, camelCase or original names), as
 * rows under the names of a JSON log line; null for what is no such message.
 *
 * | message | row |
 * |---|---|
 * | common_properties.start_time, route_name, upstream_cluster, duration | the same |
 * | common_properties.downstream_remote_address.socket_address | `downstream_remote_address` |
 * | common_properties.response_flags | `response_flags`, in letters |
 * | common_properties.tls_properties.ja3_fingerprint | `ja3` |
 * | common_properties.tls_properties.peer_certificate_properties | `downstream_peer_uri_san`, `downstream_peer_subject` |
 * | common_properties.custom_tags | members of the row, unless one is there |
 * | `sub` in the metadata of `envoy.filters.http.jwt_authn` | `user` |
 * | request, response | members of the row; `request_method` is `method` |
 * | what else there is: headers that are logged, addresses, metadata, tls_properties | members of the row |
 *
 * TCP entries and those of a stream that goes on (`intermediate_log_entry`) are
 * no decisions.
 */
export function alsRows(object: JsonObject): readonly JsonObject[] | null {
  const http = member(object, 'http_logs')
  if (http === undefined) return member(object, 'tcp_logs') === undefined ? null : []
  const entries = isObject(http) ? member(http, 'log_entry') : undefined
  if (!Array.isArray(entries)) return []
  return entries.filter(isObject).flatMap((entry) => {
    const row = rowOf(entry)
    return row === null ? [] : [row]
  })
}

function rowOf(entry: JsonObject): JsonObject | null {
  const common = part(entry, 'common_properties')
  const request = part(entry, 'request')
  const response = part(entry, 'response')
  if (member(common, 'intermediate_log_entry') === true) return null
  const tls = part(common, 'tls_properties')
  const peer = part(tls, 'peer_certificate_properties')
  const row: Record<string, unknown> = Object.create(null)
  const put = (name: string, value: unknown): void => {
    if (value !== undefined && value !== null && value !== '' && row[name] === undefined) row[name] = value
  }
  put('downstream_remote_address', addressOf(part(common, 'downstream_remote_address')))
  put('response_flags', flagsOf(part(common, 'response_flags')))
  put('ja3', member(tls, 'ja3_fingerprint'))
  put('downstream_peer_uri_san', sanOf(member(peer, 'subject_alt_name')))
  put('downstream_peer_subject', member(peer, 'subject'))
  put('user', claimedSubject(part(part(common, 'metadata'), 'filter_metadata')))
  put('method', member(request, 'request_method'))
  put('x_envoy_original_path', member(request, 'original_path'))
  put('x_forwarded_for', member(request, 'forwarded_for'))
  put('bytes_received', member(request, 'request_body_bytes'))
  put('bytes_sent', member(response, 'response_body_bytes'))
  for (const message of [common, request, response, entry])
    for (const [key, value] of Object.entries(message)) {
      const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
      if (!PLACED.has(name)) put(name, value)
    }
  for (const [name, value] of Object.entries(part(common, 'custom_tags'))) put(name.toLowerCase(), value)
  return row
}

const NONE: JsonObject = {}

/** A member by its original name or its camelCase one. */
function member(object: JsonObject, name: string): unknown {
  return object[name] ?? object[name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())]
}

function part(object: JsonObject, name: string): JsonObject {
  const value = member(object, name)
  return isObject(value) ? value : NONE
}

function addressOf(address: JsonObject): string {
  const socket = part(address, 'socket_address')
  const host = textOf(socket, 'address')
  const port = member(socket, 'port_value')
  if (host === '' || (typeof port !== 'number' && typeof port !== 'string')) return host
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function flagsOf(flags: JsonObject): string {
  return Object.entries(FLAGS)
    .filter(([name]) => {
      const value = member(flags, name)
      return value === true || isObject(value)
    })
    .map(([, letters]) => letters)
    .join(',')
}

function sanOf(names: unknown): string {
  if (!Array.isArray(names)) return ''
  return names.filter(isObject).map((name) => textOf(name, 'uri') || textOf(name, 'dns'))[0] ?? ''
}

import { isObject, objectOf, textOf, type JsonObject } from './json.ts'

/** Flags of the message that say something of access, by the letters of the text log. */
const FLAGS: Readonly<Record<string, string>> = {
  unauthorized_details: 'UAEX',
  rate_limited: 'RL',
  no_route_found: 'NR',
  failed_local_healthcheck: 'LH',
  upstream_connection_failure: 'UF',
  no_healthy_upstream: 'UH',
  upstream_request_timeout: 'UT',
  upstream_connection_termination: 'UC',
  upstream_remote_reset: 'UR',
  upstream_overflow: 'UO',
  upstream_retry_limit_exceeded: 'URX',
}

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
  for (const name of ['start_time', 'route_name', 'upstream_cluster', 'duration', 'stream_id']) {
    put(name, member(common, name))
  }
  put('downstream_remote_address', addressOf(part(common, 'downstream_remote_address')))
  put('response_flags', flagsOf(part(common, 'response_flags')))
  put('ja3', member(tls, 'ja3_fingerprint'))
  put('downstream_peer_uri_san', sanOf(member(peer, 'subject_alt_name')))
  put('downstream_peer_subject', member(peer, 'subject'))
  put('user', claimedSubject(part(common, 'metadata')))
  put('method', member(request, 'request_method'))
  for (const name of ['scheme', 'authority', 'path', 'user_agent', 'referer', 'request_id']) {
    put(name, member(request, name))
  }
  put('x_envoy_original_path', member(request, 'original_path'))
  put('x_forwarded_for', member(request, 'forwarded_for'))
  put('bytes_received', member(request, 'request_body_bytes'))
  put('response_code', member(response, 'response_code'))
  put('response_code_details', member(response, 'response_code_details'))
  put('bytes_sent', member(response, 'response_body_bytes'))
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

/** The subject of a token that Envoy has verified. */
function claimedSubject(metadata: JsonObject): string {
  const jwt = objectOf(part(metadata, 'filter_metadata'), 'envoy.filters.http.jwt_authn')
  if (jwt === undefined) return ''
  for (const payload of [jwt, ...Object.values(jwt)]) {
    const claimed = isObject(payload) ? textOf(payload, 'sub') : ''
    if (claimed !== '') return claimed
  }
  return ''
}

import type { DecisionInput } from '../../../schemas/decision.ts'
import { decisions, skip, unusable, type Reading, type ReadingOptions, type RecordReader } from './format.ts'
import { verdictOfStatus } from './http-verdict.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { jsonReader, textOf, type JsonObject } from './json.ts'
import { nginxLine } from './nginx-line.ts'
import { contextOf, httpResource, wholeOf } from './request.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/**
 * nginx's access log: `combined` (and `common`, Apache's too), or JSON lines
 * whose members are named as nginx's variables:
 *
 *     log_format gatewatch escape=json
 *       '{"time_iso8601":"$time_iso8601","msec":"$msec","remote_addr":"$remote_addr",'
 *       '"remote_port":"$remote_port","remote_user":"$remote_user","user":"$auth_user",'
 *       '"request_method":"$request_method","host":"$host","request_uri":"$request_uri",'
 *       '"status":"$status","upstream_status":"$upstream_status",'
 *       '"request_length":"$request_length","body_bytes_sent":"$body_bytes_sent",'
 *       '"http_user_agent":"$http_user_agent","request_id":"$request_id",'
 *       '"ssl_client_s_dn":"$ssl_client_s_dn","ssl_client_verify":"$ssl_client_verify"}';
 *
 * with `auth_request_set $auth_user $upstream_http_x_auth_user;` where an
 * authorization service names the user.
 *
 * | nginx | decision |
 * |---|---|
 * | msec, else time_iso8601; `combined`: time_local; with their zone | `decided_at` |
 * | status, upstream_status | `outcome`, `reasons` (`http-verdict.ts`) |
 * | user, else remote_user | `subject` `user`; none: `anonymous` |
 * | ssl_client_s_dn with ssl_client_verify `SUCCESS`, without a user | `subject` `service` |
 * | request_method | `action` |
 * | request_uri without query | `resource` `http`, `path_template`, `context.http.path` |
 * | host | `resource.app`, `context.http.host` |
 * | remote_addr, remote_port | `context.ip`, `context.port` |
 * | http_user_agent, request_length, body_bytes_sent | `context` |
 * | http_referer without query, request_id and what else there is | `unmapped`, without credentials |
 *
 * `$remote_user` is the name that the client sent, whether or not the location
 * asks for one: a log of places without `auth_basic` should leave it out, or
 * anybody writes anybody's name into it.
 *
 * nginx answers 500 when its authorization service fails, and so may an
 * application: without upstream_status no decision is read from a 5xx.
 *
 * @see "Module ngx_http_log_module" and "Embedded Variables", nginx documentation.
 */
export function nginxReader({ timezone }: ReadingOptions): RecordReader {
  const instants = instantReader(timezone)
  const json = jsonReader((object) => read(withoutEmpty(object), instants), [])
  return {
    contentOf: (text) => (text.startsWith('{') ? json.contentOf(text) : text.trimEnd()),
    assumedZone: () => instants.assumedZone(),
    read(text) {
      if (text.trim() === '') return skip('blank')
      if (text.startsWith('{')) return json.read(text)
      const line = nginxLine(text)
      if (line === null) return unusable('line_unreadable', 'neither combined, common nor JSON')
      return read(line, instants)
    },
  }
}

/** `GET /path HTTP/1.1`; HTTP/0.9 has no version. */
const REQUEST = /^([A-Za-z-]{1,32}) (\S.*?)(?: HTTP\/[\d.]+)?$/

function read(row: JsonObject, instants: InstantReader): Reading {
  const status = wholeOf(row['status'])
  if (status === null) return unusable('record_invalid', 'there is no status: no access log')
  const at = row['msec'] ?? row['time_iso8601'] ?? row['time_local']
  if (at === undefined) return unusable('no_timestamp', 'neither msec nor time_iso8601')
  const decidedAt = instants.read(at)
  if (decidedAt === null) return unusable('timestamp_invalid', 'the log line has no instant of any calendar')
  const subject = subjectOf(row)
  const answered = textOf(row, 'upstream_status').endsWith(String(status))
  const verdict = verdictOfStatus(status, { answered, user: subject.type !== 'anonymous' })
  if (verdict === null) return skip('no_decision')
  const [, method = '', uri = ''] = REQUEST.exec(textOf(row, 'request')) ?? []
  const action = textOf(row, 'request_method') || method
  const target = textOf(row, 'request_uri') || uri || textOf(row, 'uri')
  // What is no request (a TLS greeting on a plain port) was not asked for anything.
  if (action === '' || target === '') return skip('no_decision')
  const host = textOf(row, 'host')
  const { context, source_host } = contextOf({
    address: textOf(row, 'remote_addr'),
    port: row['remote_port'],
    user_agent: textOf(row, 'http_user_agent'),
    host,
    method: action,
    target,
    status,
    bytes_in: row['request_length'],
    bytes_out: row['body_bytes_sent'] ?? row['bytes_sent'],
  })
  const [outcome, reason] = verdict
  return decisions({
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject,
    action: { name: action.slice(0, 256) },
    resource: httpResource(host, target),
    context,
    unmapped: keep(
      { source_host, http_referer: textOf(row, 'http_referer').split('?', 1)[0] },
      withoutSecrets(others(row, PLACED)),
    ),
  })
}

function subjectOf(row: JsonObject): DecisionInput['subject'] {
  const user = textOf(row, 'user') || textOf(row, 'remote_user')
  if (user !== '') return { type: 'user', id: user.slice(0, 256) }
  const certificate = textOf(row, 'ssl_client_verify') === 'SUCCESS' ? textOf(row, 'ssl_client_s_dn') : ''
  if (certificate !== '') return { type: 'service', id: certificate.slice(0, 256) }
  return { type: 'anonymous', id: 'anonymous' }
}

function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== '' && value !== '-' && value !== null),
  )
}

const PLACED = new Set([
  'msec',
  'time_iso8601',
  'status',
  'user',
  'remote_user',
  'request',
  'request_method',
  'request_uri',
  'uri',
  'host',
  'remote_addr',
  'remote_port',
  'http_user_agent',
  'request_length',
  'body_bytes_sent',
  'bytes_sent',
])

import type { DecisionInput } from '../../../schemas/decision.ts'
import { alsRows } from './envoy-als.ts'
import { envoyVerdict } from './envoy-verdict.ts'
import {
  decisions,
  skip,
  unusable,
  type Draft,
  type Reading,
  type ReadingOptions,
  type RecordReader,
} from './format.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { jsonReader, textOf, type JsonObject } from './json.ts'
import { contextOf, httpResource, wholeOf } from './request.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/**
 * Envoy's access log as JSON (`json_format`), and messages of its Access Log
 * Service in their JSON form (`envoy-als.ts`). What a line holds is for its
 * operator to say; these are the names that Envoy's documentation, Istio and
 * Envoy Gateway use, compared without case, `:` and the difference of `-` and
 * `_`. `-` stands for no value.
 *
 * | Envoy | decision |
 * |---|---|
 * | start_time | `decided_at` |
 * | response_code, response_code_details, response_flags | `outcome`, `reasons` (`envoy-verdict.ts`) |
 * | x_envoy_auth_failure_mode_allowed `true` | `error_open`, `policy_error` |
 * | user, username | `subject` `user` |
 * | downstream_peer_uri_san, downstream_peer_subject, without a user | `subject` `service` |
 * | neither | `subject` `anonymous` |
 * | method | `action` |
 * | path, x_envoy_original_path, without query | `resource` `http`, `path_template`, `context.http.path` |
 * | authority | `resource.app`, `context.http.host` |
 * | downstream_remote_address | `context.ip`, `context.port` |
 * | user_agent | `context.user_agent` |
 * | bytes_received, bytes_sent | `context.http` |
 * | ja3, tls_ja3_fingerprint | `context.tls_fingerprint` |
 * | trace_id | `context.trace_id` |
 * | route_name; the policy of `rbac_access_denied_matched_policy[…]` | `policy.route_id`; `policy.rule_id` |
 * | access_log_type other than `DownstreamEnd` | no decision: one of a stream that goes on, or of what the router did with it |
 * | request_id, x_forwarded_for and what else there is | `unmapped`, without credentials |
 *
 * `user` has to be logged from something that the client can't write, such as
 * `%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload:sub)%`. The forwarded
 * address is kept, not used: Envoy has already worked out whom it trusts.
 * `x-request-id` is no event id, since a client may choose it.
 *
 * @see "Access logging", Envoy documentation; `envoy/data/accesslog/v3/accesslog.proto`,
 *   read in 2026-01's state.
 */
export function envoyReader({ timezone }: ReadingOptions): RecordReader {
  const instants = instantReader(timezone)
  const reader = jsonReader((object) => read(object, instants), [])
  return { ...reader, assumedZone: () => instants.assumedZone() }
}

function read(object: JsonObject, instants: InstantReader): Reading {
  const rows = alsRows(object)
  if (rows === null) return readRow(plainRow(object), instants)
  const drafts: Draft[] = []
  for (const row of rows) {
    const reading = readRow(row, instants)
    if (reading.kind === 'dead-letter') return reading
    if (reading.kind === 'ok') drafts.push(...reading.value)
  }
  return drafts.length === 0 ? skip('no_decision') : decisions(...drafts)
}

function readRow(row: JsonObject, instants: InstantReader): Reading {
  if (textOf(row, 'method') === '' && textOf(row, 'response_code') === '') {
    // A connection that is no HTTP, or that ended before a request.
    return row['start_time'] === undefined
      ? unusable('record_invalid', 'neither start_time nor method nor response_code: no access log')
      : skip('no_decision')
  }
  if (!FINAL.has(textOf(row, 'access_log_type'))) return skip('no_decision')
  if (row['start_time'] === undefined) return unusable('no_timestamp', 'there is no start_time')
  const decidedAt = instants.read(row['start_time'])
  if (decidedAt === null) return unusable('timestamp_invalid', 'start_time is no instant')
  const details = textOf(row, 'response_code_details')
  const subject = subjectOf(row)
  const open = textOf(row, 'x_envoy_auth_failure_mode_allowed') === 'true'
  const verdict = envoyVerdict({
    status: wholeOf(row['response_code']) ?? 0,
    details,
    flags: new Set(textOf(row, 'response_flags').split(',')),
    user: subject.type !== 'anonymous',
  })
  if (verdict === null) return skip('no_decision')
  const [outcome, reason] =
    open && verdict[0] === 'permit' ? (['error_open', 'policy_error'] as const) : verdict
  const target = textOf(row, 'x_envoy_original_path') || textOf(row, 'path')
  const host = textOf(row, 'authority')
  const method = textOf(row, 'method') || 'unknown'
  const { context, source_host } = contextOf({
    address: textOf(row, 'downstream_remote_address'),
    user_agent: textOf(row, 'user_agent'),
    tls_fingerprint: textOf(row, 'ja3') || textOf(row, 'tls_ja3_fingerprint'),
    trace_id: textOf(row, 'trace_id'),
    host,
    method,
    target,
    status: row['response_code'],
    bytes_in: row['bytes_received'],
    bytes_out: row['bytes_sent'],
  })
  const policy = policyOf(textOf(row, 'route_name'), details)
  return decisions({
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject,
    action: { name: method.slice(0, 256) },
    resource: httpResource(host, target),
    context,
    ...(policy === null ? {} : { policy }),
    unmapped: keep(
      {
        request_id: row['request_id'] ?? row['x_request_id'],
        response_code_details: details,
        referer: textOf(row, 'referer').split('?', 1)[0],
        source_host,
      },
      withoutSecrets(others(row, PLACED)),
    ),
  })
}

function subjectOf(row: JsonObject): DecisionInput['subject'] {
  const user = textOf(row, 'user') || textOf(row, 'username')
  if (user !== '') return { type: 'user', id: user.slice(0, 256) }
  const peer = textOf(row, 'downstream_peer_uri_san') || textOf(row, 'downstream_peer_subject')
  return peer === '' ? { type: 'anonymous', id: 'anonymous' } : { type: 'service', id: peer.slice(0, 256) }
}

function policyOf(route: string, details: string): NonNullable<DecisionInput['policy']> | null {
  const rule = /^rbac_access_denied_matched_policy\[(.+)\]$/.exec(details)?.[1] ?? ''
  if (route === '' && rule === '') return null
  return {
    ...(rule === '' ? {} : { rule_id: rule.slice(0, 256) }),
    ...(route === '' ? {} : { route_id: route.slice(0, 256) }),
  }
}

/** How Envoy names the log that it writes of a request at its end; '' where that is not logged. */
const FINAL: ReadonlySet<string> = new Set(['', 'NotSet', 'DownstreamEnd'])

/** A line under the names of this file, without members that have no value. */
function plainRow(object: JsonObject): JsonObject {
  const row: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(object)) {
    if (value === null || value === '' || value === '-') continue
    const name = key.toLowerCase().replace(/^:/, '').replaceAll('-', '_')
    row[name === 'x_envoy_origin_path' ? 'x_envoy_original_path' : name] = value
  }
  return row
}

const PLACED = new Set([
  'start_time',
  'response_code',
  'response_code_details',
  'user',
  'username',
  'method',
  'path',
  'x_envoy_original_path',
  'authority',
  'downstream_remote_address',
  'user_agent',
  'bytes_received',
  'bytes_sent',
  'ja3',
  'tls_ja3_fingerprint',
  'trace_id',
  'route_name',
  'request_id',
  'x_request_id',
])

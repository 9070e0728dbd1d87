import type { DecisionInput } from '../../../schemas/decision.ts'
import { decisions, skip, unusable, type Reading, type ReadingOptions, type RecordReader } from './format.ts'
import type { Verdict } from './http-verdict.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { jsonReader, textOf, type JsonObject } from './json.ts'
import { contextOf, httpResource } from './request.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/**
 * Pomerium's authorize log: the JSON lines of its service `authorize` with the
 * message `authorize check`. What journald or a container runtime put before
 * the JSON is left out of account.
 *
 * | Pomerium | decision |
 * |---|---|
 * | time | `decided_at` |
 * | allow without deny | `permit`, `policy_permit` |
 * | deny-why-true, else allow-why-false | `outcome`, `reasons`, see below |
 * | email in lower case, else user | `subject` `user` |
 * | service-account-id | `subject` `service` |
 * | session-id | `subject.session_id` |
 * | method | `action` |
 * | path without query | `resource` `http`, `path_template`, `context.http.path` |
 * | host | `resource.app`, `context.http.host` |
 * | ip | `context.ip` |
 * | headers.user-agent, or User-Agent of headers | `context.user_agent` |
 * | envoy-route-id | `policy.route_id` |
 * | the reasons in Pomerium's words, impersonation, request ids and what else there is | `unmapped`, without credentials |
 *
 * | Pomerium's reason | verdict |
 * |---|---|
 * | `user-unauthenticated` | `step_up`, `not_authenticated`: Pomerium sends the client to sign in |
 * | `device-unauthenticated` | `step_up`, `device_unknown` |
 * | `device-unauthorized` | `deny`, `device_tier_too_low` |
 * | `client-certificate-required`, `invalid-client-certificate` | `deny`, `not_authenticated`, `credentials_rejected` |
 * | `route-not-found` | `deny`, `no_route` |
 * | `…-unauthorized` | `deny`, `permission_missing` |
 * | anything else | `deny`, `policy_deny` |
 *
 * Who acts as somebody else is the subject that is acted as; the log names both.
 *
 * @see "Authorize Log Fields" and "Audit Logs", Pomerium documentation;
 *   `authorize/log.go` and `pkg/policy/criteria/reasons.go` of its source.
 */
export function pomeriumReader({ timezone }: ReadingOptions): RecordReader {
  const instants = instantReader(timezone)
  const json = jsonReader((object) => read(object, instants), [])
  return {
    contentOf: (text) => json.contentOf(jsonOf(text) ?? text),
    assumedZone: () => instants.assumedZone(),
    read(text) {
      if (text.trim() === '') return skip('blank')
      const line = jsonOf(text)
      return line === null ? unusable('line_unreadable', 'the line holds no JSON object') : json.read(line)
    },
  }
}

function jsonOf(text: string): string | null {
  const from = text.indexOf('{')
  return from < 0 ? null : text.slice(from)
}

function read(object: JsonObject, instants: InstantReader): Reading {
  const message = textOf(object, 'message') || textOf(object, 'msg')
  const allow = object['allow']
  if (message !== 'authorize check' || typeof allow !== 'boolean') {
    // Other services, other messages, and a check that came to no result.
    if (textOf(object, 'level') === '') return unusable('record_invalid', 'no level: not a line of Pomerium')
    return skip(message === 'authorize check' ? 'no_decision' : 'other_program')
  }
  const at = object['time']
  if (at === undefined) return unusable('no_timestamp', 'there is no time')
  const decidedAt = instants.read(at)
  if (decidedAt === null) return unusable('timestamp_invalid', 'time is no instant')
  const deny = object['deny'] === true
  const why = stringsOf(object[deny ? 'deny-why-true' : allow ? 'allow-why-true' : 'allow-why-false'])
  const [outcome, reason]: Verdict = allow && !deny ? ['permit', 'policy_permit'] : refusal(why)
  const host = textOf(object, 'host')
  const target = textOf(object, 'path')
  const method = textOf(object, 'method') || 'unknown'
  const { context, source_host } = contextOf({
    address: textOf(object, 'ip'),
    user_agent: userAgentOf(object),
    host,
    method,
    target,
  })
  const route = textOf(object, 'envoy-route-id')
  return decisions({
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject: subjectOf(object),
    action: { name: method.slice(0, 256) },
    resource: httpResource(host, target),
    context,
    ...(route === '' ? {} : { policy: { route_id: route.slice(0, 256) } }),
    unmapped: keep({ why: why.slice(0, 16), source_host }, withoutSecrets(others(object, PLACED))),
  })
}

/** The first that applies decides: what has to happen before the others could be asked. */
const REFUSALS: readonly (readonly [RegExp, Verdict])[] = [
  [/^route-not-found$/, ['deny', 'no_route']],
  [/^client-certificate-required$/, ['deny', 'not_authenticated']],
  [/^(?:invalid-client-certificate|client-certificate-unauthorized)$/, ['deny', 'credentials_rejected']],
  [/^user-unauthenticated$/, ['step_up', 'not_authenticated']],
  [/^device-unauthenticated$/, ['step_up', 'device_unknown']],
  [/^device-unauthorized$/, ['deny', 'device_tier_too_low']],
  [/-unauthorized$/, ['deny', 'permission_missing']],
]

function refusal(why: readonly string[]): Verdict {
  for (const [pattern, verdict] of REFUSALS) if (why.some((reason) => pattern.test(reason))) return verdict
  return ['deny', 'policy_deny']
}

function subjectOf(object: JsonObject): DecisionInput['subject'] {
  const user =
    (textOf(object, 'impersonate-email') || textOf(object, 'email')).toLowerCase() || textOf(object, 'user')
  const account = textOf(object, 'service-account-id')
  const session = textOf(object, 'session-id')
  const id = account || user
  if (id === '') return { type: 'anonymous', id: 'anonymous' }
  return {
    type: account === '' ? 'user' : 'service',
    id: id.slice(0, 256),
    ...(session === '' ? {} : { session_id: session.slice(0, 256) }),
  }
}

function userAgentOf(object: JsonObject): string {
  const headers = object['headers']
  if (typeof headers !== 'object' || headers === null) return textOf(object, 'headers.user-agent')
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === 'user-agent')
  return typeof found?.[1] === 'string' ? found[1] : ''
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/** The query may hold secrets; the token and the body are not ours to keep. */
const PLACED = new Set([
  'time',
  'message',
  'msg',
  'level',
  'service',
  'allow',
  'deny',
  'allow-why-true',
  'allow-why-false',
  'deny-why-true',
  'deny-why-false',
  'method',
  'host',
  'path',
  'query',
  'body',
  'ip',
  'session-id',
  'service-account-id',
  'envoy-route-id',
  'headers.user-agent',
])

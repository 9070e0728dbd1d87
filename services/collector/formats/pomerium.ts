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
 * | allow without deny | `permit`, `policy_permit`, unless one of the reasons sends to sign in |
 * | the reasons of deny and allow, true or false | `outcome`, `reasons`, see below |
 * | impersonate-email, else email, in lower case; else impersonate-user-id, user | `subject` `user` |
 * | service-account-id | `subject` `service` |
 * | session-id | `subject.session_id` |
 * | method; `ssh.login` where method and path are empty: a check of SSH | `action` |
 * | path without query; of SSH route-id | `resource` `http`, `path_template`, `context.http.path`; `host` |
 * | host | `resource.app`, `context.http.host` |
 * | ip | `context.ip` |
 * | headers.user-agent, or User-Agent of headers | `context.user_agent` |
 * | envoy-route-id, else route-id | `policy.route_id` |
 * | the reasons in Pomerium's words, impersonation, request ids and what else there is | `unmapped`, without credentials |
 *
 * | Pomerium's reason | verdict |
 * |---|---|
 * | `client-certificate-required`, `invalid-client-certificate` of deny | `deny`, `not_authenticated`, `credentials_rejected` |
 * | `user-unauthenticated` of either | `step_up`, `not_authenticated`: Pomerium sends the client to sign in, whatever else was said |
 * | `device-unauthenticated` of either | `step_up`, `device_unknown` |
 * | `device-unauthorized` | `deny`, `device_tier_too_low` |
 * | `client-certificate-unauthorized`, `ssh-publickey-unauthorized` | `deny`, `credentials_rejected` |
 * | `route-not-found` | `deny`, `no_route` |
 * | `…-unauthorized` | `deny`, `permission_missing` |
 * | anything else | `deny`, `policy_deny` |
 *
 * Who acts as somebody else is the subject that is acted as; the log names both.
 *
 * @see "Authorize Log Fields" and "Audit Logs", Pomerium documentation;
 *   `authorize/log.go`, `authorize/check_response.go` (in which order reasons
 *   count) and `pkg/policy/criteria/reasons.go` of its source, read in 2026-08.
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
  const denyWhy = stringsOf(object[deny ? 'deny-why-true' : 'deny-why-false'])
  const allowWhy = stringsOf(object[allow ? 'allow-why-true' : 'allow-why-false'])
  const why = deny ? denyWhy : allowWhy
  const [outcome, reason] =
    first(CERTIFICATE, denyWhy) ??
    first(SIGN_IN, [...allowWhy, ...denyWhy]) ??
    (allow && !deny ? PERMIT : (first(REFUSALS, why) ?? OTHERWISE))
  const ssh = object['method'] === '' && object['path'] === ''
  const host = textOf(object, 'host')
  const target = textOf(object, 'path')
  const method = textOf(object, 'method') || (ssh ? '' : 'unknown')
  const { context, source_host } = contextOf({
    address: textOf(object, 'ip'),
    user_agent: userAgentOf(object),
    host,
    method,
    target,
  })
  const route = textOf(object, 'envoy-route-id') || textOf(object, 'route-id')
  return decisions({
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject: subjectOf(object),
    action: { name: ssh ? 'ssh.login' : method.slice(0, 256) },
    resource: ssh ? sshResource(route) : httpResource(host, target),
    context,
    ...(route === '' ? {} : { policy: { route_id: route.slice(0, 256) } }),
    unmapped: keep({ why: why.slice(0, 16), source_host }, withoutSecrets(others(object, PLACED))),
  })
}

type Verdicts = readonly (readonly [RegExp, Verdict])[]

const PERMIT: Verdict = ['permit', 'policy_permit']
const OTHERWISE: Verdict = ['deny', 'policy_deny']
/** Refused before anybody is asked to sign in. */
const CERTIFICATE: Verdicts = [
  [/^client-certificate-required$/, ['deny', 'not_authenticated']],
  [/^invalid-client-certificate$/, ['deny', 'credentials_rejected']],
]
const SIGN_IN: Verdicts = [
  [/^user-unauthenticated$/, ['step_up', 'not_authenticated']],
  [/^device-unauthenticated$/, ['step_up', 'device_unknown']],
]
const REFUSALS: Verdicts = [
  [/^route-not-found$/, ['deny', 'no_route']],
  ...CERTIFICATE,
  [/^device-unauthorized$/, ['deny', 'device_tier_too_low']],
  [/^(?:client-certificate|ssh-publickey)-unauthorized$/, ['deny', 'credentials_rejected']],
  [/-unauthorized$/, ['deny', 'permission_missing']],
]

function first(verdicts: Verdicts, why: readonly string[]): Verdict | undefined {
  return verdicts.find(([pattern]) => why.some((reason) => pattern.test(reason)))?.[1]
}

/** Pomerium's log names the route of an SSH session, and not the host behind it. */
function sshResource(route: string): DecisionInput['resource'] {
  const id = route || 'pomerium'
  return { type: 'host', id: id.slice(0, 1024), app: 'pomerium' }
}

function subjectOf(object: JsonObject): DecisionInput['subject'] {
  const impersonated =
    textOf(object, 'impersonate-email').toLowerCase() || textOf(object, 'impersonate-user-id')
  const user = impersonated || textOf(object, 'email').toLowerCase() || textOf(object, 'user')
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

import type { DecisionInput } from '../../../schemas/decision.ts'
import { named, skip, unusable, type Reading, type ReadingOptions, type RecordReader } from './format.ts'
import { verdictOfStatus, type Verdict } from './http-verdict.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { jsonReader, objectOf, textOf, type JsonObject } from './json.ts'
import { contextOf, wholeOf } from './request.ts'
import { HEADLESS_REQUESTED, teleportEvent, teleportReason, type TeleportEvent } from './teleport-events.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/**
 * Teleport's audit events: JSON lines of the log directory, of the event
 * handler's exports, or a page of the web API (`{"events":[…]}`).
 *
 * | Teleport | decision |
 * |---|---|
 * | uid | the event's id: the same event is imported once; without one, content |
 * | time | `decided_at` |
 * | event | `action`: `sign_in`, `ssh.login`, `db.connect`, … (`teleport-events.ts`); others are no decision |
 * | success; of `kube.request` response_code; `auth`, `session.rejected` are refusals | `outcome` |
 * | error, else message, reason | `reasons` (`teleport-events.ts`) |
 * | `mfa_auth_challenge.create`; a headless sign-in that waits for its user (T1012I) | `step_up`, `step_up_required` |
 * | T1013I, T1013W, T1014W: the user's answer to it | `mfa.verify`, `permit`; `deny`, `mfa_rejected` |
 * | T1010I, T1011W: an administrator tries a connector; the end of a port forward (T3003S); one that failed without being refused | no decision |
 * | user, else identity.user; a failure names who was tried | `subject`; user_kind 2, `bot.join`, `instance.join`: `service` |
 * | sid | `subject.session_id` |
 * | user_roles, else identity.roles | `subject.roles` |
 * | method, with_mfa, of what succeeded | `subject.amr` |
 * | trusted_device, else identity's: device_id, os_type | `device` |
 * | server_hostname, app_name, db_service, desktop_name, … | `resource` (`teleport-events.ts`), `app` the cluster |
 * | addr.remote, user_agent, request_path, verb | `context` |
 * | code, login, db_user, and what else there is | `unmapped`, without credentials |
 *
 * @see "Audit Event Reference", Teleport documentation; `lib/events/codes.go` and
 *   `lib/events/api.go` of its source, read in 2026-11.
 */
export function teleportReader({ timezone }: ReadingOptions): RecordReader {
  const instants = instantReader(timezone)
  const reader = jsonReader((object) => read(object, instants), ['events'])
  return { ...reader, assumedZone: () => instants.assumedZone() }
}

function read(object: JsonObject, instants: InstantReader): Reading {
  const name = textOf(object, 'event')
  if (name === '' || (object['code'] === undefined && object['uid'] === undefined)) {
    return unusable('record_invalid', 'no event with a code or a uid: no audit event of Teleport')
  }
  if (object['time'] === undefined) return unusable('no_timestamp', 'there is no time')
  const decidedAt = instants.read(object['time'])
  if (decidedAt === null) return unusable('timestamp_invalid', 'time is no instant')
  const event = teleportEvent(name, object)
  if (event === null) return skip('no_decision')
  const subject = subjectOf(object, name)
  const verdict = verdictOf(object, name, event)
  if (verdict === null) return skip('no_decision')
  const [outcome, reason] = verdict
  const methods = methodsOf(object)
  if (outcome === 'permit' && methods.length > 0 && subject.type !== 'anonymous') subject.amr = methods
  const { context, source_host } = contextOf({
    address: textOf(object, 'addr.remote'),
    user_agent: textOf(object, 'user_agent'),
    method: textOf(object, 'verb'),
    target: textOf(object, 'request_path'),
    status: object['response_code'],
  })
  const device = deviceOf(
    objectOf(object, 'trusted_device') ?? objectOf(objectOf(object, 'identity'), 'trusted_device'),
  )
  const verb = textOf(object, 'verb')
  return named(textOf(object, 'uid'), {
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject,
    action: { name: (name === 'kube.request' ? `kube:${verb || 'request'}` : event.action).slice(0, 256) },
    resource: resourceOf(object, event),
    context,
    ...(device === null ? {} : { device }),
    unmapped: keep(
      { event_id: textOf(object, 'uid'), event: name, code: textOf(object, 'code'), source_host },
      withoutSecrets(others(object, PLACED)),
    ),
  })
}

function verdictOf(object: JsonObject, name: string, { action, refused }: TeleportEvent): Verdict | null {
  const code = textOf(object, 'code')
  if (name === 'mfa_auth_challenge.create' || code === HEADLESS_REQUESTED)
    return ['step_up', 'step_up_required']
  if (name === 'kube.request') {
    // Teleport writes the status that the cluster gave, or its own refusal.
    return verdictOfStatus(wholeOf(object['response_code']) ?? 0, { answered: false, user: true })
  }
  // Of a desktop session that failed, older versions say so by the code alone.
  const failed = refused === true || object['success'] === false || /\d(?:W|E)$/.test(code)
  if (!failed) return ['permit', 'foreign_permit']
  const error = textOf(object, 'error') || textOf(object, 'message') || textOf(object, 'reason')
  // The connection broke, or nobody listened: who may was told when it began.
  if (action === 'port.forward' && !/denied|not allowed|permission/i.test(error)) return null
  return ['deny', teleportReason(action, error)]
}

function subjectOf(object: JsonObject, name: string): DecisionInput['subject'] {
  const identity = objectOf(object, 'identity')
  const id =
    textOf(object, 'user') ||
    textOf(identity, 'user') ||
    textOf(object, 'bot_name') ||
    textOf(object, 'node_name') ||
    textOf(object, 'login')
  if (id === '') return { type: 'anonymous', id: 'anonymous' }
  const machine = wholeOf(object['user_kind']) === 2 || name === 'bot.join' || name === 'instance.join'
  const session = textOf(object, 'sid')
  const roles = rolesOf(object['user_roles'] ?? identity?.['roles'])
  return {
    type: machine ? 'service' : 'user',
    id: id.slice(0, 256),
    ...(session === '' ? {} : { session_id: session.slice(0, 256) }),
    ...(roles.length === 0 ? {} : { roles }),
  }
}

function rolesOf(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  const roles = value.filter((role) => typeof role === 'string' && role !== '')
  return roles.slice(0, 64).map((role: string) => role.slice(0, 256))
}

function methodsOf(object: JsonObject): string[] {
  const method = textOf(object, 'method')
  return [method.slice(0, 64), textOf(object, 'with_mfa') === '' ? '' : 'mfa'].filter((each) => each !== '')
}

function resourceOf(object: JsonObject, { resource }: TeleportEvent): DecisionInput['resource'] {
  const [type, ...members] = resource
  const name = members.map((member) => textOf(object, member)).find((text) => text !== '')
  const cluster = textOf(object, 'cluster_name') || 'teleport'
  return { type, id: (name ?? cluster).slice(0, 1024), app: cluster.slice(0, 256) }
}

function deviceOf(detail: JsonObject | undefined): NonNullable<DecisionInput['device']> | null {
  const id = textOf(detail, 'device_id')
  if (id === '') return null
  const os = textOf(detail, 'os_type')
  return { id: id.slice(0, 256), ...(os === '' ? {} : { os: os.slice(0, 256) }) }
}

const PLACED = new Set([
  'uid',
  'event',
  'code',
  'time',
  'user',
  'sid',
  'user_roles',
  'cluster_name',
  'addr.remote',
  'user_agent',
  'trusted_device',
  'verb',
  'request_path',
  'response_code',
  'success',
])

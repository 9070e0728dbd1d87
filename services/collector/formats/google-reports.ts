import type { DecisionInput } from '../../../schemas/decision.ts'
import { skip, unusable, type Draft, type Reading } from './format.ts'
import { googleEvent, type GoogleEvent } from './google-events.ts'
import type { InstantReader } from './instant.ts'
import { isObject, objectOf, textOf, type JsonObject } from './json.ts'
import { contextOf } from './request.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/**
 * An activity of Google Workspace's Reports API; each of its events that
 * decides about access is a decision.
 *
 * | Reports API | decision |
 * |---|---|
 * | id.time, id.uniqueQualifier, the event's name and place | the event's id: the same event is imported once |
 * | id.time | `decided_at` |
 * | events[].name and parameters | `action`, `outcome`, `reasons`, `resource` (`google-events.ts`) |
 * | actor.email in lower case, else profileId | `subject` `user` |
 * | actor.key, or an actor of callerType KEY | `subject` `service` |
 * | login_type | `subject.idp` |
 * | login_challenge_method, of what succeeded | `subject.amr` |
 * | CAA_DEVICE_ID | `device.id` |
 * | ipAddress | `context.ip` |
 * | all parameters, id.applicationName, networkInfo, and what else there is | `unmapped` |
 *
 * Google's own warnings (suspicious login, government-backed attack) are its
 * findings, not decisions; `is_suspicious` is kept, not believed.
 *
 * @see "Reports API: Activities", and "Login Audit Activity Events", Google
 *   Workspace developer documentation.
 */
export function reportActivity(activity: JsonObject, instants: InstantReader): Reading {
  const id = objectOf(activity, 'id')
  if (id?.['time'] === undefined) return unusable('no_timestamp', 'there is no id.time')
  const decidedAt = instants.read(id['time'])
  if (decidedAt === null) return unusable('timestamp_invalid', 'id.time is no instant')
  const events = activity['events']
  const drafts: Draft[] = []
  const eventIds: string[] = []
  for (const [nth, event] of (Array.isArray(events) ? events : [events]).entries()) {
    if (!isObject(event)) return unusable('record_invalid', 'events holds something that is no event')
    const parameters = parametersOf(event['parameters'])
    const name = textOf(event, 'name')
    const known = googleEvent(name, parameters)
    if (known === null) continue
    drafts.push(draftOf(activity, decidedAt, name, known, parameters))
    const qualifier = textOf(id, 'uniqueQualifier')
    eventIds.push(qualifier === '' ? '' : `${textOf(id, 'time')}/${qualifier}/${nth}/${name}`)
  }
  return drafts.length === 0 ? skip('no_decision') : { kind: 'ok', value: drafts, event_ids: eventIds }
}

function draftOf(
  activity: JsonObject,
  decidedAt: string,
  name: string,
  event: GoogleEvent,
  parameters: JsonObject,
): Draft {
  const [outcome, reason] = event.verdict
  const { context, source_host } = contextOf({ address: textOf(activity, 'ipAddress') })
  const device = textOf(parameters, 'CAA_DEVICE_ID')
  return {
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject: subjectOf(activity, parameters, outcome === 'permit'),
    action: { name: event.action.slice(0, 256) },
    resource: {
      type: event.resource[0],
      id: event.resource[1].slice(0, 1024),
      app: event.app.slice(0, 256),
    },
    context,
    ...(device === '' ? {} : { device: { id: device.slice(0, 256) } }),
    ...(event.would_be === undefined ? {} : { would_be: event.would_be }),
    unmapped: keep(
      {
        event: name,
        application: textOf(objectOf(activity, 'id'), 'applicationName'),
        customer_id: textOf(objectOf(activity, 'id'), 'customerId'),
        source_host,
        ...parameters,
      },
      withoutSecrets(others(activity, PLACED)),
    ),
  }
}

function subjectOf(
  activity: JsonObject,
  parameters: JsonObject,
  succeeded: boolean,
): DecisionInput['subject'] {
  const actor = objectOf(activity, 'actor')
  const user = textOf(actor, 'email').toLowerCase() || textOf(actor, 'profileId')
  const id = user || textOf(actor, 'key')
  if (id === '') return { type: 'anonymous', id: 'anonymous' }
  const provider = textOf(parameters, 'login_type')
  const method = parameters['login_challenge_method']
  const methods = (Array.isArray(method) ? method : [method]).filter((each) => typeof each === 'string')
  return {
    type: user === '' || textOf(actor, 'callerType') === 'KEY' ? 'service' : 'user',
    id: id.slice(0, 256),
    ...(provider === '' ? {} : { idp: provider.slice(0, 256) }),
    ...(succeeded && methods.length > 0
      ? { amr: methods.slice(0, 16).map((each) => each.slice(0, 64)) }
      : {}),
  }
}

/** Google's list of names and typed values as an object. */
function parametersOf(value: unknown): JsonObject {
  const parameters: Record<string, unknown> = Object.create(null)
  for (const each of Array.isArray(value) ? value : []) {
    if (!isObject(each)) continue
    const name = textOf(each, 'name')
    if (name === '') continue
    parameters[name] =
      each['value'] ?? each['intValue'] ?? each['boolValue'] ?? each['multiValue'] ?? each['multiIntValue']
  }
  return parameters
}

const PLACED = new Set(['kind', 'etag', 'id', 'actor', 'ipAddress', 'events'])

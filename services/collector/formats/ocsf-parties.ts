import type { DecisionInput } from '../../../schemas/decision.ts'
import { isObject, objectOf, textOf, type JsonObject } from './json.ts'
import { httpResource, wholeOf } from './request.ts'

type Subject = DecisionInput['subject']

const TYPES: ReadonlyMap<number, Subject['type']> = new Map([
  [1, 'user'],
  [2, 'user'],
  [3, 'service'],
  [4, 'service'],
])

/** Whether the event is of our own export, whose fields have one meaning each. */
function isOurs(event: JsonObject): boolean {
  return textOf(objectOf(objectOf(event, 'metadata'), 'product'), 'name') === 'Gatewatch'
}

/**
 * Who asked.
 *
 * | OCSF | subject |
 * |---|---|
 * | user of a sign-in, else actor.user: email_addr in lower case, else uid, else name | `user`; type_id 3 System and 4 Service `service`; ours: 99 `device`, 0 `anonymous` |
 * | actor.app_uid, app_name, invoked_by, without a user | `service` |
 * | neither | `anonymous` |
 * | session.uid, else actor.session.uid | `session_id` |
 * | actor.idp.name, else uid | `idp` |
 * | user.groups[].name | `groups` |
 * | auth_protocol, and `mfa` where is_mfa | `amr` |
 */
export function ocsfSubject(event: JsonObject, classUid: number): Subject {
  const actor = objectOf(event, 'actor')
  const user = (classUid === 3002 ? objectOf(event, 'user') : undefined) ?? objectOf(actor, 'user')
  const ours = isOurs(event)
  const id = ours ? textOf(user, 'uid') : idOf(user)
  if (id === '') {
    const app = textOf(actor, 'app_uid') || textOf(actor, 'app_name') || textOf(actor, 'invoked_by')
    return app === '' ? { type: 'anonymous', id: 'anonymous' } : { type: 'service', id: app.slice(0, 256) }
  }
  const session = objectOf(event, 'session') ?? objectOf(actor, 'session')
  const sessionId = ours ? textOf(session, 'uid') : said(session, 'uid')
  const idp = objectOf(actor, 'idp')
  const provider = textOf(idp, 'name') || textOf(idp, 'uid')
  const groups = groupsOf(user?.['groups'])
  const methods = [
    textOf(event, 'auth_protocol').slice(0, 64),
    event['is_mfa'] === true || session?.['is_mfa'] === true ? 'mfa' : '',
  ].filter((method) => method !== '')
  return {
    type: typeOf(ours, wholeOf(user?.['type_id'])),
    id: id.slice(0, 256),
    ...(sessionId === '' ? {} : { session_id: sessionId.slice(0, 256) }),
    ...(provider === '' ? {} : { idp: provider.slice(0, 256) }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(methods.length === 0 ? {} : { amr: methods }),
  }
}

function typeOf(ours: boolean, typeId: number | null): Subject['type'] {
  if (ours && typeId === 99) return 'device'
  if (ours && typeId === 0) return 'anonymous'
  return TYPES.get(typeId ?? 1) ?? 'user'
}

function idOf(user: JsonObject | undefined): string {
  return said(user, 'email_addr').toLowerCase() || said(user, 'uid') || said(user, 'name')
}

/** A member's text; Windows events write `-`, `NULL SID` and `0x0` where they have none. */
function said(object: JsonObject | undefined, key: string): string {
  const text = textOf(object, key)
  return /^(?:-|NULL SID|S-1-0-0|0x0)$/.test(text) ? '' : text
}

function groupsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  const names = value
    .filter(isObject)
    .map((group) => (textOf(group, 'name') || textOf(group, 'uid')).slice(0, 256))
  return names.filter((name) => name !== '').slice(0, 64)
}

const ACTIVITIES: ReadonlyMap<number, readonly string[]> = new Map([
  [4002, ['', 'CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'TRACE', 'PATCH']],
  [6001, ['', 'create', 'read', 'update', 'delete', 'search', 'import', 'export', 'share']],
])

/**
 * What was asked for: `sign_in`; api.operation; the request's method; the
 * activity. An operation of the form `GET /records/{id}` is a method and a
 * template. Ours is `ACTION TEMPLATE` or `ACTION TYPE`, and the message tells
 * where the action ends.
 */
export function ocsfAction(
  event: JsonObject,
  classUid: number,
): { readonly name: string; readonly template: string } {
  if (classUid === 3002) return { name: 'sign_in', template: '' }
  const operation = textOf(objectOf(event, 'api'), 'operation')
  if (isOurs(event) && operation !== '') return ourAction(event, operation)
  const [, method = '', template = ''] = /^([A-Z]{3,16}) (\/\S*)$/.exec(operation) ?? []
  if (method !== '') return { name: method, template }
  const activity = ACTIVITIES.get(classUid)?.[wholeOf(event['activity_id']) ?? 0] ?? ''
  const request = textOf(objectOf(event, 'http_request'), 'http_method')
  return {
    name: operation || request || activity || textOf(event, 'activity_name').toLowerCase() || 'access',
    template: '',
  }
}

function ourAction(event: JsonObject, operation: string): { name: string; template: string } {
  const { id, type } = firstResource(event)
  const message = textOf(event, 'message')
  // `OUTCOME ACTION ID`; no outcome holds a space.
  const told = message.endsWith(` ${id}`)
    ? message.slice(message.indexOf(' ') + 1, message.length - id.length - 1)
    : ''
  const name = told !== '' && operation.startsWith(`${told} `) ? told : (operation.split(' ', 1)[0] ?? '')
  const rest = operation.slice(name.length + 1)
  return { name, template: rest === type ? '' : rest }
}

/**
 * What was asked for: `resources[0]`, `web_resources[0]`, the URL of the request
 * (its path, with `app` its host), of a sign-in the service or the host.
 */
export function ocsfResource(
  event: JsonObject,
  classUid: number,
  template: string,
): DecisionInput['resource'] {
  const app = textOf(objectOf(objectOf(event, 'api'), 'service'), 'name')
  const { id, type } = firstResource(event)
  if (id !== '') {
    return {
      type: (type || 'resource').slice(0, 256),
      id: id.slice(0, 1024),
      ...(app === '' ? {} : { app: app.slice(0, 256) }),
      ...(template === '' ? {} : { path_template: template.slice(0, 512) }),
    }
  }
  const url = objectOf(objectOf(event, 'http_request'), 'url')
  const path = textOf(url, 'path')
  if (classUid !== 3002 && path !== '') {
    const resource = httpResource(textOf(url, 'hostname') || app, path)
    return template === '' ? resource : { ...resource, path_template: template.slice(0, 512) }
  }
  const target = objectOf(event, 'dst_endpoint')
  const service = textOf(objectOf(event, 'service'), 'name') || textOf(target, 'svc_name') || app
  if (service !== '') return { type: 'application', id: service.slice(0, 1024), app: service.slice(0, 256) }
  const host =
    textOf(target, 'hostname') || textOf(objectOf(event, 'device'), 'hostname') || textOf(target, 'ip')
  return { type: 'host', id: (host || 'unknown').slice(0, 1024) }
}

function firstResource(event: JsonObject): { readonly id: string; readonly type: string } {
  for (const list of [event['resources'], event['web_resources']]) {
    const first: unknown = Array.isArray(list) ? list[0] : undefined
    if (!isObject(first)) continue
    const id = textOf(first, 'uid') || textOf(first, 'url_string') || textOf(first, 'name')
    if (id !== '') return { id, type: textOf(first, 'type') }
  }
  return { id: '', type: '' }
}

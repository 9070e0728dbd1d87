import type { DecisionInput } from '../../../schemas/decision.ts'
import { claimedSubject } from './envoy-jwt.ts'
import { isObject, objectOf, textOf, type JsonObject } from './json.ts'
import { httpResource, type Seen } from './request.ts'
import { withoutSecrets } from './unmapped.ts'

export interface OpaInput {
  readonly subject: DecisionInput['subject']
  readonly action: string
  readonly resource: DecisionInput['resource'] | null
  readonly seen: Seen
}

/**
 * What an input says, where it is of a shape that is in use:
 *
 * | shape | subject | action | resource | address |
 * |---|---|---|---|---|
 * | Envoy's `CheckRequest` (`attributes`) | `sub` in the metadata of `envoy.filters.http.jwt_authn`; else source.principal, a `service` | request.http.method | request.http.host and path | source.address.socketAddress |
 * | Kubernetes' AdmissionReview (`request`) | request.userInfo.username | request.operation | request.kind, namespace, name | |
 * | AuthZEN (`subject`, `action`, `resource`) | subject.id, type | action.name | resource.type, id | context.ip |
 * | plain: `subject`, `user`, `principal`, as text or as an object (`identity`: an object only) with id, username, name, email or sub | that | action, operation or method | resource or object, else path (text, or a list of its segments) | ip, source_ip, client_ip, remote_addr |
 *
 * Who is not named is anonymous. A token in the input is not read: only the
 * policy knows whether it was valid.
 */
export function opaInput(input: JsonObject): OpaInput {
  const attributes = objectOf(input, 'attributes')
  if (attributes !== undefined) return envoyInput(attributes)
  const review = objectOf(input, 'request')
  if (isObject(review?.['userInfo'])) return kubernetesInput(review)
  const method = textOf(input, 'method')
  const target = targetOf(input['path'])
  const context = objectOf(input, 'context') ?? {}
  const address = ['ip', 'source_ip', 'client_ip', 'remote_addr']
    .map((name) => textOf(input, name) || textOf(context, name))
    .find((text) => text !== '')
  const host = textOf(input, 'host')
  return {
    subject: subjectOf(input),
    action: nameOf(input['action']) || textOf(input, 'operation') || method,
    resource:
      resourceOf(input['resource'] ?? input['object']) ?? (target === '' ? null : httpResource(host, target)),
    seen: {
      ...(address === undefined ? {} : { address }),
      user_agent: textOf(input, 'user_agent') || textOf(context, 'user_agent'),
      ...(target === '' ? {} : { method, target, host }),
    },
  }
}

function envoyInput(attributes: JsonObject): OpaInput {
  const source = objectOf(attributes, 'source')
  const http = objectOf(objectOf(attributes, 'request'), 'http')
  const socket = objectOf(objectOf(source, 'address'), 'socketAddress')
  const principal = textOf(source, 'principal')
  const user = claimedSubject(objectOf(objectOf(attributes, 'metadataContext'), 'filterMetadata'))
  const host = textOf(http, 'host')
  const method = textOf(http, 'method')
  const target = textOf(http, 'path')
  return {
    subject:
      user !== ''
        ? { type: 'user', id: user.slice(0, 256) }
        : principal === ''
          ? ANONYMOUS
          : { type: 'service', id: principal.slice(0, 256) },
    action: method,
    resource: target === '' ? null : httpResource(host, target),
    seen: {
      address: textOf(socket, 'address'),
      port: socket?.['portValue'],
      user_agent: textOf(objectOf(http, 'headers'), 'user-agent'),
      host,
      method,
      target,
    },
  }
}

function kubernetesInput(review: JsonObject): OpaInput {
  const user = textOf(objectOf(review, 'userInfo'), 'username')
  const kind = textOf(objectOf(review, 'kind'), 'kind')
  const name = [textOf(review, 'namespace'), textOf(review, 'name')].filter((each) => each !== '').join('/')
  const machine = user.startsWith('system:')
  return {
    subject: user === '' ? ANONYMOUS : { type: machine ? 'service' : 'user', id: user.slice(0, 256) },
    action: textOf(review, 'operation'),
    resource: {
      type: (kind || 'kubernetes').slice(0, 256),
      id: (name || kind || 'unknown').slice(0, 1024),
      app: 'kubernetes',
    },
    seen: {},
  }
}

/** An input as it may be kept: `identity` as text is a token. */
export function keptInput(input: JsonObject): Record<string, unknown> {
  const { identity, ...rest } = input
  return withoutSecrets(isObject(identity) ? input : rest)
}

const ANONYMOUS: DecisionInput['subject'] = { type: 'anonymous', id: 'anonymous' }
const TYPES = ['user', 'service', 'device', 'anonymous'] as const

function subjectOf(input: JsonObject): DecisionInput['subject'] {
  for (const name of ['subject', 'user', 'principal', 'identity', 'username', 'user_id']) {
    // The identity that OPA's own API is asked under is a token, when it is text.
    const id = name === 'identity' && !isObject(input[name]) ? '' : nameOf(input[name])
    if (id === '') continue
    const said = isObject(input[name]) ? textOf(input[name], 'type') : ''
    return { type: TYPES.find((type) => type === said) ?? 'user', id: id.slice(0, 256) }
  }
  return ANONYMOUS
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (!isObject(value)) return ''
  for (const name of ['id', 'username', 'name', 'email', 'sub', 'user_id']) {
    const text = textOf(value, name)
    if (text !== '') return text
  }
  return ''
}

function resourceOf(value: unknown): DecisionInput['resource'] | null {
  const id = nameOf(value)
  const type = isObject(value) ? textOf(value, 'type') : ''
  if (id === '' && type === '') return null
  return { type: (type || 'resource').slice(0, 256), id: (id || type).slice(0, 1024) }
}

function targetOf(path: unknown): string {
  if (typeof path === 'string') return path
  return Array.isArray(path) && path.every((segment) => typeof segment === 'string') && path.length > 0
    ? `/${path.join('/')}`
    : ''
}

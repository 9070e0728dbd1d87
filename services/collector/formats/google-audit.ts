import type { DecisionInput } from '../../../schemas/decision.ts'
import { named, skip, unusable, type Reading } from './format.ts'
import type { Verdict } from './http-verdict.ts'
import type { InstantReader } from './instant.ts'
import { isObject, objectOf, textOf, type JsonObject } from './json.ts'
import { contextOf, wholeOf } from './request.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

const NONE: JsonObject = {}

/**
 * An entry of Cloud Audit Logs (`protoPayload`, type AuditLog). Identity-Aware
 * Proxy writes one for each request that it judges, once its Data Access log is
 * switched on (service `iap.googleapis.com`, permission `…accessViaIAP`); other
 * services write one for each call.
 *
 * | AuditLog | decision |
 * |---|---|
 * | insertId with logName | the event's id: the same event is imported once |
 * | requestMetadata.requestAttributes.time, else timestamp | `decided_at` |
 * | authorizationInfo[].granted, status.code | `outcome`, `reasons`: no permission granted or code 7 is `deny` `permission_missing`, code 16 `not_authenticated`, code 8 `error_closed` `rate_limited`; any other code is `permit`: access was granted, and the call failed |
 * | authenticationInfo.principalEmail, else principalSubject | `subject`: `service` for service accounts and agents, else `user` |
 * | IAP: the method of the request, else `access`; others: service and method, `iam:CreateServiceAccount` | `action` |
 * | IAP: requestAttributes.host and path; others: authorizationInfo[0].resource, else resourceName | `resource`, `app` |
 * | requestMetadata.callerIp, callerSuppliedUserAgent | `context` |
 * | metadata.device_id | `device.id` |
 * | unsatisfied access levels, permission, resource labels, status and what else there is but request and response | `unmapped`, without credentials |
 * | log `…%2Fpolicy` (VPC Service Controls); its metadata.dryRun | `deny`, `policy_deny`; `permit` and `would_be` `deny` |
 *
 * An entry without authorizationInfo (a system event; the second entry of a long
 * operation) is no decision, unless its code is 7 or 16.
 *
 * @see "Identity-Aware Proxy audit logging", "VPC Service Controls audit
 *   logging", and "AuditLog", Google Cloud documentation, read in 2026-11.
 */
export function auditEntry(entry: JsonObject, instants: InstantReader): Reading {
  const log = objectOf(entry, 'protoPayload') ?? NONE
  const request = objectOf(log, 'requestMetadata') ?? NONE
  const attributes = objectOf(request, 'requestAttributes') ?? NONE
  const at = attributes['time'] ?? entry['timestamp']
  if (at === undefined) return unusable('no_timestamp', 'there is no timestamp')
  const decidedAt = instants.read(at)
  if (decidedAt === null) return unusable('timestamp_invalid', 'timestamp is no instant')
  const listed = log['authorizationInfo']
  const checks = Array.isArray(listed) ? listed.filter(isObject) : []
  const [first = NONE] = checks
  const code = wholeOf(objectOf(log, 'status')?.['code']) ?? 0
  if (checks.length === 0 && code !== 7 && code !== 16) return skip('no_decision')
  const metadata = objectOf(log, 'metadata') ?? NONE
  const perimeter = POLICY_LOG.test(textOf(entry, 'logName'))
  const dryRun = perimeter && metadata['dryRun'] === true
  const [outcome, reason] = dryRun ? PERMIT : perimeter ? PERIMETER : verdictOf(checks, code)
  const device = textOf(metadata, 'device_id')
  const isIap = /\.accessViaIAP$/i.test(textOf(first, 'permission'))
  const host = textOf(attributes, 'host')
  const method = textOf(attributes, 'method')
  const { context, source_host } = contextOf({
    address: textOf(request, 'callerIp'),
    user_agent: textOf(request, 'callerSuppliedUserAgent'),
    host,
    method,
    target: textOf(attributes, 'path'),
  })
  const service = textOf(log, 'serviceName').replace(/\.googleapis\.com$/, '')
  const id = textOf(entry, 'insertId')
  return named(id === '' ? '' : `${textOf(entry, 'logName')}/${id}`, {
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject: subjectOf(objectOf(log, 'authenticationInfo')),
    action: { name: (isIap ? method || 'access' : callOf(service, textOf(log, 'methodName'))).slice(0, 256) },
    resource: isIap
      ? webResource(log, first, host, textOf(attributes, 'path'))
      : callResource(log, first, service),
    context,
    ...(device === '' ? {} : { device: { id: device.slice(0, 256) } }),
    ...(dryRun ? { would_be: 'deny' as const } : {}),
    unmapped: keep(
      {
        event_id: id,
        service: textOf(log, 'serviceName'),
        method: textOf(log, 'methodName'),
        permission: textOf(first, 'permission'),
        resource_name: textOf(log, 'resourceName'),
        status: log['status'],
        source_host,
      },
      withoutSecrets({ resource: entry['resource'], log_name: entry['logName'], ...others(log, PLACED) }),
    ),
  })
}

const POLICY_LOG = /cloudaudit\.googleapis\.com(?:%2F|\/)policy$/i
const PERMIT: Verdict = ['permit', 'foreign_permit']
const PERIMETER: Verdict = ['deny', 'policy_deny']

function verdictOf(checks: readonly JsonObject[], code: number): Verdict {
  if (code === 16) return ['deny', 'not_authenticated']
  if (code === 8) return ['error_closed', 'rate_limited']
  // `granted` is left out of the JSON where it is false.
  const refused = !checks.some((check) => check['granted'] === true)
  return code === 7 || refused ? ['deny', 'permission_missing'] : PERMIT
}

function subjectOf(who: JsonObject | undefined): DecisionInput['subject'] {
  const id = textOf(who, 'principalEmail').toLowerCase() || textOf(who, 'principalSubject')
  if (id === '' || id === 'system:anonymous') return { type: 'anonymous', id: 'anonymous' }
  const machine = /\.gserviceaccount\.com$|^system:|^serviceAccount:/.test(id)
  return { type: machine ? 'service' : 'user', id: id.slice(0, 256) }
}

/** `google.iam.admin.v1.CreateServiceAccount` of `iam` is `iam:CreateServiceAccount`, `v1.compute.images.insert` is `compute:images.insert`. */
function callOf(service: string, method: string): string {
  const [before = '', name = 'unknown'] = ['', ...method.split('.')].slice(-2)
  const plain = before === '' || /^(?:v\d\w*|alpha|beta|k8s)$/.test(before)
  return `${service || 'google'}:${plain ? name : `${before}.${name}`}`
}

/** What IAP guards, by the host that the client asked for where it is told, else by Google's name. */
function webResource(
  log: JsonObject,
  check: JsonObject,
  host: string,
  path: string,
): DecisionInput['resource'] {
  const name = textOf(check, 'resource') || textOf(log, 'resourceName') || 'unknown'
  return host === ''
    ? { type: 'application', id: name.slice(0, 1024), app: name.slice(0, 256) }
    : { type: 'application', id: `${host}${path}`.slice(0, 1024), app: host.slice(0, 256) }
}

function callResource(log: JsonObject, check: JsonObject, service: string): DecisionInput['resource'] {
  const kind = textOf(objectOf(check, 'resourceAttributes'), 'type') || 'google_cloud'
  const id = textOf(check, 'resource') || textOf(log, 'resourceName') || service || 'unknown'
  return {
    type: kind.slice(0, 256),
    id: id.slice(0, 1024),
    ...(service === '' ? {} : { app: service.slice(0, 256) }),
  }
}

/** Requests and responses are left out: they are what was called for, and may hold anything. */
const PLACED = new Set([
  '@type',
  'serviceName',
  'methodName',
  'resourceName',
  'status',
  'authenticationInfo',
  'authorizationInfo',
  'requestMetadata',
  'request',
  'response',
])

import type { DecisionInput } from '../../../schemas/decision.ts'
import { named, skip, unusable, type Reading, type ReadingOptions, type RecordReader } from './format.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { isObject, jsonReader, objectOf, textOf, type JsonObject } from './json.ts'
import { ocsfAction, ocsfResource, ocsfSubject } from './ocsf-parties.ts'
import { ocsfVerdict } from './ocsf-verdict.ts'
import { contextOf, wholeOf } from './request.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/** Classes whose events carry access decisions. */
const CLASSES: ReadonlySet<number> = new Set([3002, 4002, 6001, 6003, 6004])

/**
 * Open Cybersecurity Schema Framework 1.x, one event a line or in arrays:
 * Authentication (3002), HTTP Activity (4002), Web Resources Activity (6001),
 * API Activity (6003), Web Resource Access Activity (6004, deprecated).
 * Authorize Session (3003) tells of privileges given to a session, and findings
 * of what somebody concluded: those and the other classes are no decisions.
 *
 * What `schemas/ocsf.ts` writes of a decision is read back as that decision, as
 * far as it was written.
 *
 * | OCSF | decision |
 * |---|---|
 * | metadata.uid | the event's id: the same event is imported once |
 * | time, else time_dt | `decided_at`; milliseconds, and what is plainly seconds or microseconds, as some producers write |
 * | action_id, disposition_id, status_id, status_code | `outcome`, `reasons` (`ocsf-verdict.ts`) |
 * | actor.user; of a sign-in user | `subject` (`ocsf-parties.ts`) |
 * | api.operation, http_request.http_method, activity | `action` (`ocsf-parties.ts`) |
 * | resources[0], web_resources[0], http_request.url, service, dst_endpoint | `resource` (`ocsf-parties.ts`) |
 * | src_endpoint.ip and port; http_request; http_response.code; trace.uid | `context` |
 * | device.uid, is_managed, is_compliant, os.name | `device` |
 * | authorizations[0].policy, else policy: uid, else name; version | `policy.rule_id`, `policy.revision` |
 * | duration in ms | `latency_us` |
 * | place and network of the source, severity, risk, observables, and what else there is | `unmapped`, without credentials |
 */
export function ocsfReader({ timezone }: ReadingOptions): RecordReader {
  const instants = instantReader(timezone)
  const reader = jsonReader((object) => read(object, instants), [])
  return { ...reader, assumedZone: () => instants.assumedZone() }
}

function read(event: JsonObject, instants: InstantReader): Reading {
  const classUid = wholeOf(event['class_uid'])
  if (classUid === null) return unusable('record_invalid', 'no class_uid: no event of OCSF')
  if (!CLASSES.has(classUid)) return skip('other_program')
  const at = event['time'] ?? event['time_dt']
  if (at === undefined) return unusable('no_timestamp', 'there is no time')
  const decidedAt = instants.read(at)
  if (decidedAt === null) return unusable('timestamp_invalid', 'time is no instant')
  // A logoff ends what was granted.
  if (classUid === 3002 && wholeOf(event['activity_id']) === 2) return skip('no_decision')
  const verdict = ocsfVerdict(event, classUid)
  if (verdict === null) return skip('no_decision')
  const [outcome, reason] = verdict
  const metadata = objectOf(event, 'metadata')
  const source = objectOf(event, 'src_endpoint')
  const request = objectOf(event, 'http_request')
  const url = objectOf(request, 'url')
  const target = textOf(url, 'path')
  const { context, source_host } = contextOf({
    address: textOf(source, 'ip'),
    port: source?.['port'],
    user_agent: textOf(request, 'user_agent'),
    host: textOf(url, 'hostname'),
    method: textOf(request, 'http_method'),
    target,
    status: objectOf(event, 'http_response')?.['code'],
    trace_id: textOf(objectOf(event, 'trace'), 'uid'),
  })
  const policy = policyOf(event)
  const device = deviceOf(objectOf(event, 'device'))
  const ms = event['duration']
  const action = ocsfAction(event, classUid)
  return named(textOf(metadata, 'uid'), {
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject: ocsfSubject(event, classUid),
    action: { name: action.name.slice(0, 256) || 'unknown' },
    resource: ocsfResource(event, classUid, action.template),
    context,
    ...(policy === null ? {} : { policy }),
    ...(device === null ? {} : { device }),
    ...(typeof ms === 'number' && ms >= 0 && ms < 1e9 ? { latency_us: Math.round(ms * 1000) } : {}),
    unmapped: keep(
      {
        event_id: textOf(metadata, 'uid'),
        class_uid: classUid,
        product: objectOf(metadata, 'product'),
        tenant_uid: textOf(metadata, 'tenant_uid'),
        status_detail: textOf(event, 'status_detail'),
        source_host,
      },
      withoutSecrets({
        ...others(event, PLACED),
        metadata: others(metadata ?? {}, TOLD),
        http_request: others(request ?? {}, TOLD),
      }),
    ),
  })
}

function policyOf(event: JsonObject): NonNullable<DecisionInput['policy']> | null {
  const listed = event['authorizations']
  const first: unknown = Array.isArray(listed) ? listed[0] : undefined
  const policy = (isObject(first) ? objectOf(first, 'policy') : undefined) ?? objectOf(event, 'policy')
  const rule = (textOf(policy, 'uid') || textOf(policy, 'name')).slice(0, 256)
  const revision = textOf(policy, 'version').slice(0, 256)
  if (rule === '' && revision === '') return null
  return { ...(rule === '' ? {} : { rule_id: rule }), ...(revision === '' ? {} : { revision }) }
}

function deviceOf(detail: JsonObject | undefined): NonNullable<DecisionInput['device']> | null {
  const device: NonNullable<DecisionInput['device']> = {}
  const id = textOf(detail, 'uid')
  if (id !== '') device.id = id.slice(0, 256)
  const managed = detail?.['is_managed']
  if (typeof managed === 'boolean') device.managed = managed
  const compliant = detail?.['is_compliant']
  if (typeof compliant === 'boolean') device.posture = compliant ? 'compliant' : 'not_compliant'
  const os = textOf(objectOf(detail, 'os'), 'name')
  if (os !== '') device.os = os.slice(0, 256)
  return Object.keys(device).length === 0 ? null : device
}

const PLACED = new Set([
  'metadata',
  'class_uid',
  'class_name',
  'category_uid',
  'category_name',
  'type_uid',
  'type_name',
  'activity_id',
  'time',
  'duration',
  'status_detail',
  'severity',
  'message',
  'device',
  'authorizations',
  'http_request',
])

/** Of metadata and http_request: what has a place. The URL goes with them, since its query may hold secrets. */
const TOLD = new Set(['uid', 'product', 'tenant_uid', 'url', 'user_agent', 'http_method'])

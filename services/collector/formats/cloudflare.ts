import type { DecisionInput } from '../../../schemas/decision.ts'
import { named, skip, unusable, type Reading, type ReadingOptions, type RecordReader } from './format.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { jsonReader, textOf, type JsonObject } from './json.ts'
import { contextOf } from './request.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/**
 * Cloudflare Access: Logpush's dataset `access_requests`, and the API's access
 * requests (`{"result":[…]}`). The two name one thing `AppDomain` and
 * `app_domain`; names are compared without case and `_`.
 *
 * | Cloudflare | decision |
 * |---|---|
 * | RayID with AppUUID | the event's id: the same event is imported once |
 * | CreatedAt: RFC 3339, or seconds or nanoseconds since 1970 | `decided_at` |
 * | Allowed | `permit`, `policy_permit`; `deny`, `policy_deny` |
 * | Action `login` | `action` `sign_in`; `logout` is no decision; another one as it is |
 * | Email in lower case, else UserUID; none: `anonymous` | `subject` `user` |
 * | Connection | `subject.idp` |
 * | AppDomain: host and path | `resource` `application`, `app` the host |
 * | IPAddress | `context.ip` |
 * | RayID, Country, UserUID, justification, approvers, and what else there is | `unmapped` |
 *
 * Access writes sign-ins, not each request under a session.
 *
 * @see "Access requests", Logpush datasets, and "Get Access authentication
 *   logs", Cloudflare documentation, read in 2026-11.
 */
export function cloudflareReader({ timezone }: ReadingOptions): RecordReader {
  const instants = instantReader(timezone)
  const reader = jsonReader((object) => read(object, instants), ['result'])
  return { ...reader, assumedZone: () => instants.assumedZone() }
}

function read(object: JsonObject, instants: InstantReader): Reading {
  const row: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(object)) row[key.toLowerCase().replaceAll('_', '')] = value
  const allowed = row['allowed']
  const action = textOf(row, 'action').toLowerCase()
  if (action === 'logout') return skip('no_decision')
  if (typeof allowed !== 'boolean') {
    return unusable('record_invalid', 'Allowed is neither true nor false: no access request')
  }
  if (row['createdat'] === undefined) return unusable('no_timestamp', 'there is no CreatedAt')
  const decidedAt = instants.read(row['createdat'])
  if (decidedAt === null) return unusable('timestamp_invalid', 'CreatedAt is no instant')
  const domain = textOf(row, 'appdomain')
  const app = textOf(row, 'appuuid') || textOf(row, 'appuid')
  const ray = textOf(row, 'rayid')
  const { context, source_host } = contextOf({ address: textOf(row, 'ipaddress') })
  const id = domain || app || 'unknown'
  return named(ray === '' ? '' : `${ray}/${app}/${domain}`, {
    schema_version: 1,
    decided_at: decidedAt,
    outcome: allowed ? 'permit' : 'deny',
    reasons: [allowed ? 'policy_permit' : 'policy_deny'],
    subject: subjectOf(row),
    action: { name: action === 'login' || action === '' ? 'sign_in' : action.slice(0, 256) },
    resource: { type: 'application', id: id.slice(0, 1024), app: (id.split('/')[0] || id).slice(0, 256) },
    context,
    unmapped: keep({ event_id: ray, app_uuid: app, source_host }, withoutSecrets(others(row, PLACED))),
  })
}

function subjectOf(row: JsonObject): DecisionInput['subject'] {
  const id = (textOf(row, 'email') || textOf(row, 'useremail')).toLowerCase() || textOf(row, 'useruid')
  if (id === '') return { type: 'anonymous', id: 'anonymous' }
  const provider = textOf(row, 'connection')
  return {
    type: 'user',
    id: id.slice(0, 256),
    ...(provider === '' ? {} : { idp: provider.slice(0, 256) }),
  }
}

const PLACED = new Set([
  'rayid',
  'appuuid',
  'appuid',
  'createdat',
  'allowed',
  'action',
  'email',
  'useremail',
  'connection',
  'appdomain',
  'ipaddress',
])

import type { DecisionInput } from '../../../schemas/decision.ts'
import { named, skip, unusable, type Reading, type ReadingOptions, type RecordReader } from './format.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { isObject, jsonReader, objectOf, textOf, type JsonObject } from './json.ts'
import { oktaEvent, oktaVerdict, type OktaEvent } from './okta-events.ts'
import { contextOf } from './request.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/**
 * Okta's System Log: events of its API (`/api/v1/logs`), one a line or in
 * arrays.
 *
 * | Okta | decision |
 * |---|---|
 * | uuid | the event's id: the same event is imported once |
 * | published | `decided_at` |
 * | eventType | `action`: `sign_in`, `mfa.verify`, `token.grant`, `request` (`okta-events.ts`); others are no decision |
 * | outcome.result, outcome.reason | `outcome`, `reasons` (`okta-events.ts`) |
 * | actor; of an actor that is no person, the target User | `subject`: alternateId in lower case, else displayName, id |
 * | authenticationContext.externalSessionId | `subject.session_id` |
 * | authenticationContext.credentialType, debugData.factor, of what succeeded | `subject.amr` |
 * | authenticationContext.authenticationProvider | `subject.idp` |
 * | target AppInstance, else Okta itself | `resource` `application`, `app` |
 * | target PolicyRule, else Rule | `policy.rule_id` |
 * | device.id, managed, os_platform | `device` |
 * | client.ipAddress, client.userAgent.rawUserAgent | `context` |
 * | eventType, outcome, target PolicyEntity, client.geographicalContext, securityContext, and what else there is | `unmapped`, without credentials |
 *
 * Place, proxy and risk are kept, not used: enrichment says them for all
 * formats alike. Asking for a factor is a `step_up`, so that a storm of pushes
 * is seen.
 *
 * @see "System Log API" and "Event types" (release 2026.08.1, all 1,274 types),
 *   Okta developer documentation.
 */
export function oktaReader({ timezone }: ReadingOptions): RecordReader {
  const instants = instantReader(timezone)
  const reader = jsonReader((object) => read(object, instants), [])
  return { ...reader, assumedZone: () => instants.assumedZone() }
}

function read(event: JsonObject, instants: InstantReader): Reading {
  const type = textOf(event, 'eventType')
  if (type === '') return unusable('record_invalid', 'no eventType: no event of the System Log')
  if (event['published'] === undefined) return unusable('no_timestamp', 'there is no published')
  const decidedAt = instants.read(event['published'])
  if (decidedAt === null) return unusable('timestamp_invalid', 'published is no instant')
  const known = oktaEvent(type)
  if (known === null) return skip('no_decision')
  const factors = factorsOf(event)
  // Okta Identity Engine calls a password a factor too.
  const step = known.action === 'mfa.verify' && known.kind === 'result'
  const password = step && factors.some((factor) => factor.startsWith('PASSWORD'))
  const kind: OktaEvent = password ? { ...known, action: 'sign_in' } : known
  const result = objectOf(event, 'outcome')
  const verdict = oktaVerdict(kind, textOf(result, 'result'), textOf(result, 'reason'))
  if (typeof verdict === 'string') return skip(verdict)
  const [outcome, reason] = verdict
  const targets = Array.isArray(event['target']) ? event['target'].filter(isObject) : []
  const client = objectOf(event, 'client')
  const { context, source_host } = contextOf({
    address: textOf(client, 'ipAddress'),
    user_agent: textOf(objectOf(client, 'userAgent'), 'rawUserAgent'),
  })
  const rule = nameOfType(targets, 'PolicyRule') || nameOfType(targets, 'Rule')
  const device = deviceOf(objectOf(event, 'device'))
  return named(textOf(event, 'uuid'), {
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject: subjectOf(event, targets, kind, outcome === 'permit' ? factors : []),
    action: { name: kind.action },
    resource: resourceOf(targets),
    context,
    ...(rule === '' ? {} : { policy: { rule_id: rule } }),
    ...(device === null ? {} : { device }),
    unmapped: keep(
      {
        event_id: textOf(event, 'uuid'),
        event_type: type,
        result: textOf(result, 'result'),
        result_reason: textOf(result, 'reason'),
        source_host,
        policy: nameOfType(targets, 'PolicyEntity'),
        zone: textOf(client, 'zone'),
        geographical_context: objectOf(client, 'geographicalContext'),
      },
      withoutSecrets(others(event, PLACED)),
    ),
  })
}

function subjectOf(
  event: JsonObject,
  targets: readonly JsonObject[],
  { action }: OktaEvent,
  methods: readonly string[],
): DecisionInput['subject'] {
  const actor = objectOf(event, 'actor')
  const person = textOf(actor, 'type') === 'User'
  const target = targets.find((each) => /^(?:User|AppUser)$/.test(textOf(each, 'type')))
  const who = person || target === undefined ? actor : target
  const id = nameOf(who)
  if (id === '') return { type: 'anonymous', id: 'anonymous' }
  const context = objectOf(event, 'authenticationContext')
  const session = said(context, 'externalSessionId')
  const provider = said(context, 'authenticationProvider')
  // A token is granted to a client; people are of type User, and what else acts is a program.
  const service = who === actor && !person && action !== 'sign_in'
  return {
    type: service ? 'service' : 'user',
    id: id.slice(0, 256),
    ...(session === '' ? {} : { session_id: session.slice(0, 256) }),
    ...(provider === '' ? {} : { idp: provider.slice(0, 256) }),
    ...(methods.length === 0 ? {} : { amr: methods.map((method) => method.slice(0, 64)) }),
  }
}

/** What the user proved, or failed to prove, who they are with. */
function factorsOf(event: JsonObject): string[] {
  const debug = objectOf(objectOf(event, 'debugContext'), 'debugData')
  const type = said(objectOf(event, 'authenticationContext'), 'credentialType')
  return [...new Set([type, said(debug, 'factor')])].filter((factor) => factor !== '')
}

function nameOf(entity: JsonObject | undefined): string {
  return said(entity, 'alternateId').toLowerCase() || said(entity, 'displayName') || said(entity, 'id')
}

/** A member's text; Okta writes `unknown` where it has none. */
function said(object: JsonObject | undefined, key: string): string {
  const text = textOf(object, key)
  return text === 'unknown' ? '' : text
}

function resourceOf(targets: readonly JsonObject[]): DecisionInput['resource'] {
  const app = targets.find((target) => textOf(target, 'type') === 'AppInstance')
  const name = said(app, 'displayName') || said(app, 'alternateId') || said(app, 'id') || 'Okta'
  return { type: 'application', id: name.slice(0, 1024), app: name.slice(0, 256) }
}

function nameOfType(targets: readonly JsonObject[], type: string): string {
  const target = targets.find((each) => textOf(each, 'type') === type)
  return (said(target, 'displayName') || said(target, 'id')).slice(0, 256)
}

function deviceOf(detail: JsonObject | undefined): NonNullable<DecisionInput['device']> | null {
  const device: NonNullable<DecisionInput['device']> = {}
  const id = said(detail, 'id')
  if (id !== '') device.id = id.slice(0, 256)
  const managed = detail?.['managed']
  if (typeof managed === 'boolean') device.managed = managed
  const os = said(detail, 'os_platform')
  if (os !== '') device.os = os.slice(0, 256)
  return Object.keys(device).length === 0 ? null : device
}

const PLACED = new Set([
  'uuid',
  'published',
  'eventType',
  'legacyEventType',
  'displayMessage',
  'severity',
  'version',
  'outcome',
  'client',
  'actor',
  'device',
])

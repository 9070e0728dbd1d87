import type { DecisionInput } from '../../../schemas/decision.ts'
import { addressOf } from './address.ts'
import { entraFields } from './entra-fields.ts'
import { resultOf } from './entra-results.ts'
import { decisions, skip, unusable, type Reading, type RecordReader } from './format.ts'
import { instantOf } from './instant.ts'
import { isObject, jsonReader, objectOf, textOf, type JsonObject } from './json.ts'
import { keep, others } from './unmapped.ts'

/**
 * Microsoft Entra ID sign-ins: Log Analytics (`CreatedDateTime`), Microsoft
 * Graph (`createdDateTime`), and Azure diagnostic settings (`properties`), so
 * names are compared without case. One JSON object a line, or in arrays.
 *
 * | Entra | decision |
 * |---|---|
 * | CreatedDateTime, else time, TimeGenerated; UTC without a zone | `decided_at` |
 * | ResultType, else Status.errorCode | `outcome`, `reasons` (`entra-results.ts`) |
 * | UserPrincipalName, in lower case; else UserId | `subject` `user` |
 * | ServicePrincipalName, else ServicePrincipalId, without a user | `subject` `service` |
 * | SessionId | `subject.session_id` |
 * | AuthenticationRequirement | `subject.acr` |
 * | authenticationMethod of each step of AuthenticationDetails that succeeded | `subject.amr` |
 * | TokenIssuerType | `subject.idp` |
 * | DeviceDetail.deviceId, isManaged, isCompliant, operatingSystem | `device` |
 * | `sign_in` | `action` |
 * | AppDisplayName, else AppId | `resource` `application`, `app` |
 * | IPAddress | `context.ip` |
 * | UserAgent | `context.user_agent` |
 * | the first conditional access policy that failed or asked for more | `policy.rule_id` |
 * | ResultType, Location, LocationDetails, risk, ConditionalAccessStatus, ids, and what else there is | `unmapped` |
 *
 * The log's own place is kept, not used: where an address is, enrichment says,
 * for all formats alike. Its risk is kept, not believed: it is theirs.
 */
export function entraReader(): RecordReader {
  return jsonReader(read)
}

function read(object: JsonObject): Reading {
  const row = entraFields(object)
  const category = textOf(row, 'category')
  if (category !== '' && !/signinlogs$/i.test(category)) return skip('other_program')
  const at = textOf(row, 'createddatetime') || textOf(row, 'time') || textOf(row, 'timegenerated')
  if (at === '') return unusable('no_timestamp', 'neither CreatedDateTime nor time nor TimeGenerated')
  const decidedAt = instantOf(at)
  if (decidedAt === null) return unusable('timestamp_invalid', 'CreatedDateTime is no instant')
  const status = objectOf(row, 'status')
  const code = textOf(row, 'resulttype') || textOf(status, 'errorcode')
  if (code === '') return unusable('record_invalid', 'neither ResultType nor Status.errorCode: no sign-in')
  const subject = subjectOf(row)
  if (subject === null) return unusable('record_invalid', 'neither a user nor a service principal')
  const [outcome, reason] = resultOf(code)
  const app = textOf(row, 'appdisplayname') || textOf(row, 'appid') || 'unknown'
  const source = textOf(row, 'ipaddress') || textOf(row, 'calleripaddress')
  const ip = addressOf(source)
  const userAgent = textOf(row, 'useragent').slice(0, 2048)
  const rule = failedPolicy(row)
  const device = deviceOf(objectOf(row, 'devicedetail'))
  return decisions({
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject,
    action: { name: 'sign_in' },
    resource: { type: 'application', id: app.slice(0, 1024), app: app.slice(0, 256) },
    context: { ...(ip === null ? {} : { ip }), ...(userAgent === '' ? {} : { user_agent: userAgent }) },
    ...(rule === '' ? {} : { policy: { rule_id: rule.slice(0, 256) } }),
    ...(device === null ? {} : { device }),
    unmapped: keep(
      {
        result_type: code,
        source_host: ip === null ? source : '',
        location: row['location'],
        location_details: row['locationdetails'],
        risk_level_during_sign_in: row['risklevelduringsignin'],
        risk_state: row['riskstate'],
        conditional_access_status: row['conditionalaccessstatus'],
        status: row['status'],
      },
      others(row, PLACED),
    ),
  })
}

function subjectOf(row: JsonObject): DecisionInput['subject'] | null {
  const user = textOf(row, 'userprincipalname').toLowerCase() || textOf(row, 'userid')
  const service = textOf(row, 'serviceprincipalname') || textOf(row, 'serviceprincipalid')
  const id = user || service
  if (id === '') return null
  const methods = succeededMethods(row['authenticationdetails'])
  const optional = {
    session_id: textOf(row, 'sessionid').slice(0, 256),
    acr: textOf(row, 'authenticationrequirement').slice(0, 256),
    idp: textOf(row, 'tokenissuertype').slice(0, 256),
  }
  return {
    type: user === '' ? 'service' : 'user',
    id: id.slice(0, 256),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== '')),
    ...(methods.length > 0 ? { amr: methods } : {}),
  }
}

function succeededMethods(details: unknown): string[] {
  if (!Array.isArray(details)) return []
  const methods = new Set<string>()
  for (const step of details) {
    if (!isObject(step) || step['succeeded'] !== true) continue
    const method = textOf(step, 'authenticationmethod') || textOf(step, 'authenticationMethod')
    if (method !== '') methods.add(method.slice(0, 64))
  }
  return [...methods].slice(0, 16)
}

function deviceOf(detail: JsonObject | undefined): NonNullable<DecisionInput['device']> | null {
  if (detail === undefined) return null
  const device: NonNullable<DecisionInput['device']> = {}
  const id = textOf(detail, 'deviceid')
  if (id !== '') device.id = id.slice(0, 256)
  const managed = detail['ismanaged']
  if (typeof managed === 'boolean') device.managed = managed
  const compliant = detail['iscompliant']
  if (typeof compliant === 'boolean') device.posture = compliant ? 'compliant' : 'not_compliant'
  const os = textOf(detail, 'operatingsystem')
  if (os !== '') device.os = os.slice(0, 256)
  return Object.keys(device).length === 0 ? null : device
}

/** The conditional access policy that decided against the sign-in; report-only ones decide nothing. */
function failedPolicy(row: JsonObject): string {
  const policies = row['conditionalaccesspolicies']
  if (!Array.isArray(policies)) return ''
  for (const policy of policies) {
    if (isObject(policy) && textOf(policy, 'result').toLowerCase() === 'failure') {
      return textOf(policy, 'displayName') || textOf(policy, 'id')
    }
  }
  return ''
}

/** Fields with a place of their own, and the long list of policies that had no say. */
const PLACED = new Set([
  'createddatetime',
  'resulttype',
  'userprincipalname',
  'sessionid',
  'authenticationrequirement',
  'tokenissuertype',
  'appdisplayname',
  'ipaddress',
  'calleripaddress',
  'useragent',
  'conditionalaccesspolicies',
  'location',
  'locationdetails',
  'risklevelduringsignin',
  'riskstate',
  'conditionalaccessstatus',
  'status',
  'devicedetail',
  'operationname',
  'operationversion',
  'category',
  'type',
  'sourcesystem',
  'level',
  'authenticationdetails',
])

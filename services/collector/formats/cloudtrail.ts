import type { DecisionInput } from '../../../schemas/decision.ts'
import { addressOf } from './address.ts'
import { cloudtrailSubject } from './cloudtrail-subject.ts'
import { decisions, unusable, type Reading, type RecordReader } from './format.ts'
import { instantOf } from './instant.ts'
import { isObject, jsonReader, objectOf, textOf, type JsonObject } from './json.ts'
import { keep, others } from './unmapped.ts'

type Reason = NonNullable<DecisionInput['reasons']>[number]

/**
 * AWS CloudTrail: one record a line, or files as CloudTrail delivers them
 * (`{"Records":[…]}`).
 *
 * | CloudTrail | decision |
 * |---|---|
 * | eventTime | `decided_at` |
 * | errorCode: denied, see below | `deny`, `permission_missing`, `credentials_rejected`, `token_invalid`, `token_expired` |
 * | errorCode: throttled | `error_closed`, `rate_limited` |
 * | any other errorCode | `permit`: access was granted, and the call failed for another reason, kept in `unmapped` |
 * | ConsoleLogin or CheckMfa with Failure | `deny`, `credentials_rejected` or `mfa_rejected` |
 * | userIdentity | `subject` (`cloudtrail-subject.ts`) |
 * | eventSource, eventName | `action`, in IAM's form: `s3:GetObject` |
 * | resources[0], else a bucket, else the service in its region | `resource`, `app` the service |
 * | sourceIPAddress | `context.ip`; a host name (`ec2.amazonaws.com`, `AWS Internal`): `unmapped.source_host` |
 * | userAgent | `context.user_agent` |
 * | eventID, errorCode, errorMessage, awsRegion, requestParameters and what else there is | `unmapped` |
 *
 * @see "CloudTrail record contents", AWS CloudTrail User Guide.
 */
export function cloudtrailReader(): RecordReader {
  return jsonReader(read)
}

function read(record: JsonObject): Reading {
  const eventSource = textOf(record, 'eventSource')
  const eventName = textOf(record, 'eventName')
  if (eventSource === '' || eventName === '') {
    return unusable('record_invalid', 'neither eventSource nor eventName: no CloudTrail record')
  }
  const at = textOf(record, 'eventTime')
  if (at === '') return unusable('no_timestamp', 'there is no eventTime')
  const decidedAt = instantOf(at)
  if (decidedAt === null) return unusable('timestamp_invalid', 'eventTime is no instant')
  const service = eventSource.replace(/\.amazonaws\.com$/, '')
  const source = textOf(record, 'sourceIPAddress')
  const ip = addressOf(source)
  const userAgent = textOf(record, 'userAgent').slice(0, 2048)
  const [outcome, reason] = verdictOf(record, eventName)
  const identity = objectOf(record, 'userIdentity')
  return decisions({
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject: cloudtrailSubject(identity),
    action: { name: `${service}:${eventName}`.slice(0, 256) },
    resource: resourceOf(record, service),
    context: { ...(ip === null ? {} : { ip }), ...(userAgent === '' ? {} : { user_agent: userAgent }) },
    unmapped: keep(
      {
        error_code: textOf(record, 'errorCode'),
        error_message: textOf(record, 'errorMessage').slice(0, 512),
        source_host: ip === null ? source : '',
        aws_region: textOf(record, 'awsRegion'),
        account_id: textOf(identity, 'accountId') || textOf(record, 'recipientAccountId'),
        event_id: textOf(record, 'eventID'),
        access_key_id: textOf(identity, 'accessKeyId'),
      },
      others(record, PLACED),
    ),
  })
}

/** EC2 says `Client.UnauthorizedOperation`, the others `AccessDenied` with and without `Exception`. */
const DENIED: readonly (readonly [RegExp, Reason])[] = [
  [/AccessDenied|Unauthorized|NotAuthorized|Forbidden|OptInRequired/i, 'permission_missing'],
  [/ExpiredToken|RequestExpired/i, 'token_expired'],
  [/InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|InvalidToken/i, 'token_invalid'],
  [/SignatureDoesNotMatch|AuthFailure|IncompleteSignature/i, 'credentials_rejected'],
]
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/i

function verdictOf(record: JsonObject, eventName: string): readonly [DecisionInput['outcome'], Reason] {
  const errorCode = textOf(record, 'errorCode')
  const response = objectOf(record, 'responseElements')
  if (textOf(response, eventName) === 'Failure') {
    return ['deny', eventName === 'CheckMfa' ? 'mfa_rejected' : 'credentials_rejected']
  }
  if (errorCode === '') return ['permit', 'foreign_permit']
  for (const [pattern, reason] of DENIED) if (pattern.test(errorCode)) return ['deny', reason]
  return THROTTLED.test(errorCode) ? ['error_closed', 'rate_limited'] : ['permit', 'foreign_permit']
}

function resourceOf(record: JsonObject, service: string): DecisionInput['resource'] {
  const app = service.slice(0, 256)
  const resources = record['resources']
  const first: unknown = Array.isArray(resources) ? resources[0] : undefined
  if (isObject(first)) {
    const arn = textOf(first, 'ARN') || textOf(first, 'ARNPrefix') || textOf(first, 'resourceName')
    if (arn !== '') {
      return { type: textOf(first, 'type').slice(0, 256) || 'aws_resource', id: arn.slice(0, 1024), app }
    }
  }
  const bucket = textOf(objectOf(record, 'requestParameters'), 'bucketName')
  if (bucket !== '') return { type: 'AWS::S3::Bucket', id: `arn:aws:s3:::${bucket}`.slice(0, 1024), app }
  const region = textOf(record, 'awsRegion')
  return { type: 'aws_service', id: (region === '' ? service : `${service}/${region}`).slice(0, 1024), app }
}

const PLACED = new Set([
  'eventTime',
  'eventSource',
  'eventName',
  'errorCode',
  'errorMessage',
  'sourceIPAddress',
  'userAgent',
  'awsRegion',
  'recipientAccountId',
  'eventID',
  'eventVersion',
  'userIdentity',
  'resources',
  'tlsDetails',
])

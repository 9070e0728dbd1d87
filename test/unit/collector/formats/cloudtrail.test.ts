import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decision } from '../../../../schemas/decision.ts'
import { cloudtrailReader } from '../../../../services/collector/formats/cloudtrail.ts'
import type { Draft } from '../../../../services/collector/formats/format.ts'

const ROLE = 'arn:aws:iam::123456789012:role/backup'
const RECORD = {
  eventVersion: '1.08',
  userIdentity: {
    type: 'IAMUser',
    arn: 'arn:aws:iam::123456789012:user/alice',
    accountId: '123456789012',
    userName: 'alice',
  },
  eventTime: '2024-07-10T11:42:23Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'GetBucketPolicy',
  awsRegion: 'us-east-1',
  sourceIPAddress: '192.0.2.7',
  userAgent: 'aws-cli/2.15',
  requestParameters: { bucketName: 'payroll' },
  eventID: 'e-1',
}

function readOne(value: unknown): Draft {
  const reading = cloudtrailReader().read(JSON.stringify(value))
  if (reading.kind !== 'ok' || reading.value[0] === undefined) throw new Error(JSON.stringify(reading))
  return reading.value[0]
}

describe('cloudtrail', () => {
  it('maps a call', () => {
    expect(readOne(RECORD)).toMatchObject({
      decided_at: '2024-07-10T11:42:23.000Z',
      outcome: 'permit',
      reasons: ['foreign_permit'],
      subject: { type: 'user', id: 'arn:aws:iam::123456789012:user/alice' },
      action: { name: 's3:GetBucketPolicy' },
      resource: { type: 'AWS::S3::Bucket', id: 'arn:aws:s3:::payroll', app: 's3' },
      context: { ip: '192.0.2.7', user_agent: 'aws-cli/2.15' },
      unmapped: { event_id: 'e-1', aws_region: 'us-east-1', account_id: '123456789012' },
    })
  })

  it.each([
    ['AccessDenied', 'deny', 'permission_missing'],
    ['AccessDeniedException', 'deny', 'permission_missing'],
    ['Client.UnauthorizedOperation', 'deny', 'permission_missing'],
    ['InvalidClientTokenId', 'deny', 'token_invalid'],
    ['ExpiredToken', 'deny', 'token_expired'],
    ['SignatureDoesNotMatch', 'deny', 'credentials_rejected'],
    ['ThrottlingException', 'error_closed', 'rate_limited'],
    ['NoSuchBucketPolicy', 'permit', 'foreign_permit'],
  ])('error %s is %s for %s', (errorCode, outcome, reason) => {
    expect(readOne({ ...RECORD, errorCode })).toMatchObject({
      outcome,
      reasons: [reason],
      unmapped: { error_code: errorCode },
    })
  })

  it.each([
    ['a failed console login', 'ConsoleLogin', 'Failure', 'deny', 'credentials_rejected'],
    ['a failed second factor', 'CheckMfa', 'Failure', 'deny', 'mfa_rejected'],
    ['a console login', 'ConsoleLogin', 'Success', 'permit', 'foreign_permit'],
  ])('%s', (_title, eventName, result, outcome, reason) => {
    const record = {
      ...RECORD,
      eventSource: 'signin.amazonaws.com',
      eventName,
      responseElements: { [eventName]: result },
    }
    expect(readOne(record)).toMatchObject({
      outcome,
      reasons: [reason],
      action: { name: `signin:${eventName}` },
    })
  })

  const sts = 'arn:aws:sts::123456789012:assumed-role'
  it.each([
    [
      'root',
      { type: 'Root', accountId: '123456789012' },
      { type: 'user', id: 'arn:aws:iam::123456789012:root' },
    ],
    [
      'an IAM user without an ARN',
      { type: 'IAMUser', accountId: '1', userName: 'bob' },
      { type: 'user', id: 'arn:aws:iam::1:user/bob' },
    ],
    [
      'a role',
      { type: 'AssumedRole', arn: `${sts}/backup/i-1`, sessionContext: { sessionIssuer: { arn: ROLE } } },
      { type: 'service', id: ROLE, session_id: 'i-1' },
    ],
    [
      'a role without its issuer',
      { type: 'AssumedRole', arn: `${sts}/backup/i-1` },
      { type: 'service', id: ROLE, session_id: 'i-1' },
    ],
    [
      'a person of IAM Identity Center',
      {
        type: 'AssumedRole',
        arn: `${sts}/AWSReservedSSO_Admin_1/alice@example.org`,
        sessionContext: {
          sessionIssuer: { arn: 'arn:aws:iam::1:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1' },
        },
      },
      { type: 'user', id: 'alice@example.org' },
    ],
    [
      'a service',
      { type: 'AWSService', invokedBy: 'rds.amazonaws.com' },
      { type: 'service', id: 'rds.amazonaws.com' },
    ],
    [
      'a service that gives no type',
      { accountId: '1', invokedBy: 'ec2.amazonaws.com' },
      { type: 'service', id: 'ec2.amazonaws.com' },
    ],
    ['another account', { type: 'AWSAccount', accountId: '2' }, { type: 'service', id: '2' }],
    [
      'a federated user',
      { type: 'SAMLUser', userName: 'carol', principalId: 'p' },
      { type: 'user', id: 'carol' },
    ],
    ['nobody', undefined, { type: 'anonymous', id: 'anonymous' }],
  ])('%s', (_title, userIdentity, expected) => {
    expect(readOne({ ...RECORD, userIdentity }).subject).toEqual(expected)
  })

  it('a host name in the place of the address is kept and is no address', () => {
    const draft = readOne({ ...RECORD, sourceIPAddress: 'secretsmanager.amazonaws.com' })
    expect(draft.context).toEqual({ user_agent: 'aws-cli/2.15' })
    expect(draft.unmapped).toMatchObject({ source_host: 'secretsmanager.amazonaws.com' })
  })

  it('names the resource that the record names, else the service in its region', () => {
    const ARN = 'arn:aws:kms:us-east-1:1:key/7'
    expect(readOne({ ...RECORD, resources: [{ ARN, type: 'AWS::KMS::Key' }] }).resource).toEqual({
      type: 'AWS::KMS::Key',
      id: ARN,
      app: 's3',
    })
    expect(readOne({ ...RECORD, requestParameters: null }).resource).toEqual({
      type: 'aws_service',
      id: 's3/us-east-1',
      app: 's3',
    })
  })

  it('reads a file as CloudTrail delivers it, on one line', () => {
    const reading = cloudtrailReader().read(
      JSON.stringify({ Records: [RECORD, { ...RECORD, eventID: 'e-2' }] }),
    )
    expect(
      reading.kind === 'ok' ? reading.value.map((draft) => draft.unmapped?.['event_id']) : reading,
    ).toEqual(['e-1', 'e-2'])
  })

  it.each([
    ['no record', '{"a":1}', 'record_invalid'],
    ['no instant', JSON.stringify({ ...RECORD, eventTime: undefined }), 'no_timestamp'],
    [
      'a wrong instant',
      JSON.stringify({ ...RECORD, eventTime: '2024-13-01T00:00:00Z' }),
      'timestamp_invalid',
    ],
    ['a bad record among good ones', JSON.stringify({ Records: [RECORD, 7] }), 'record_invalid'],
  ])('%s is put aside with its reason', (_title, text, reason) => {
    const reading = cloudtrailReader().read(text)
    expect(reading.kind === 'ok' ? reading : reading.reason).toBe(reason)
  })

  it('a value that nests without end is put aside, not followed', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    for (const text of [deep, `{"unmapped":{"x":${deep}},"requestParameters":${deep}}`]) {
      expect(cloudtrailReader().read(text)).toMatchObject({ kind: 'dead-letter', reason: 'json_invalid' })
    }
  })

  it('never throws, and what it accepts is a decision, whatever the members hold', () => {
    const member = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('2024-05-20T18:19:04Z', 'x'.repeat(3000), '192.0.2.7', 'é'.repeat(300)),
    )
    const record = fc.record(Object.fromEntries(Object.keys(RECORD).map((key) => [key, member])), {
      requiredKeys: [],
    })
    const likely = record.map((value) => ({ ...RECORD, ...value, eventTime: RECORD.eventTime }))
    fc.assert(
      fc.property(fc.oneof(record, likely), (value) => {
        const reading = cloudtrailReader().read(JSON.stringify(value))
        if (reading.kind !== 'ok') return
        for (const draft of reading.value)
          expect(Decision.safeParse({ ...draft, id: 'x' }).error).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })
})

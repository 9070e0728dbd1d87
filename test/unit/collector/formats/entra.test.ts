import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decision } from '../../../../schemas/decision.ts'
import { entraReader } from '../../../../services/collector/formats/entra.ts'
import type { Draft } from '../../../../services/collector/formats/format.ts'

const LOG_ANALYTICS = {
  CreatedDateTime: '2024-05-20T18:19:04.123',
  TimeGenerated: '2024-05-20T18:21:00.000',
  Category: 'SignInLogs',
  ResultType: '0',
  AppDisplayName: 'Payroll',
  AppId: 'c44b4083',
  UserPrincipalName: 'Alice@Example.org',
  UserId: 'u-1',
  IPAddress: '192.0.2.7',
  UserAgent: 'Mozilla/5.0',
  Location: 'BE',
  LocationDetails: { city: 'Brussels', countryOrRegion: 'BE' },
  DeviceDetail: { deviceId: 'laptop-1', operatingSystem: 'Windows 10', isManaged: true, isCompliant: false },
  AuthenticationRequirement: 'multiFactorAuthentication',
  AuthenticationDetails:
    '[{"authenticationMethod":"Password","succeeded":true},{"authenticationMethod":"Text","succeeded":false}]',
  ConditionalAccessPolicies: '[{"displayName":"Require MFA","result":"success"}]',
  ConditionalAccessStatus: 'success',
}

function readOne(value: unknown): Draft {
  const reading = entraReader().read(JSON.stringify(value))
  if (reading.kind !== 'ok' || reading.value[0] === undefined) throw new Error(JSON.stringify(reading))
  return reading.value[0]
}

describe('entra', () => {
  it('maps a sign-in of Log Analytics', () => {
    expect(readOne(LOG_ANALYTICS)).toMatchObject({
      decided_at: '2024-05-20T18:19:04.123Z',
      outcome: 'permit',
      reasons: ['foreign_permit'],
      subject: { type: 'user', id: 'alice@example.org', acr: 'multiFactorAuthentication', amr: ['Password'] },
      device: { id: 'laptop-1', managed: true, posture: 'not_compliant', os: 'Windows 10' },
      action: { name: 'sign_in' },
      resource: { type: 'application', id: 'Payroll', app: 'Payroll' },
      context: { ip: '192.0.2.7', user_agent: 'Mozilla/5.0' },
      unmapped: {
        location: 'BE',
        location_details: { city: 'Brussels', countryOrRegion: 'BE' },
        appid: 'c44b4083',
      },
    })
  })

  it('maps the same sign-in from Microsoft Graph and from diagnostic settings alike', () => {
    const graph = {
      id: 'req-1',
      createdDateTime: '2024-05-20T18:19:04Z',
      userPrincipalName: 'alice@example.org',
      appDisplayName: 'Payroll',
      ipAddress: '192.0.2.7',
      status: { errorCode: 50126, failureReason: 'Invalid username or password' },
      deviceDetail: { operatingSystem: 'Windows 10' },
    }
    const azure = {
      time: '2024-05-20T18:19:05.9Z',
      category: 'SignInLogs',
      resultType: '50126',
      callerIpAddress: '192.0.2.7',
      properties: { ...graph },
    }
    const { unmapped: _one, ...fromGraph } = readOne(graph)
    const { unmapped: _two, ...fromAzure } = readOne(azure)
    expect(fromAzure).toEqual(fromGraph)
    expect(fromGraph).toMatchObject({
      outcome: 'deny',
      reasons: ['credentials_rejected'],
      device: { os: 'Windows 10' },
    })
  })

  it.each([
    ['0', 'permit', 'foreign_permit'],
    ['50126', 'deny', 'credentials_rejected'],
    ['50034', 'deny', 'account_unknown'],
    ['50053', 'deny', 'account_locked'],
    ['50057', 'deny', 'account_locked'],
    ['50074', 'step_up', 'step_up_required'],
    ['50076', 'step_up', 'step_up_required'],
    ['500121', 'deny', 'mfa_rejected'],
    ['53003', 'deny', 'policy_deny'],
    ['53000', 'deny', 'device_tier_too_low'],
    ['50105', 'deny', 'permission_missing'],
    ['70044', 'step_up', 'authentication_too_old'],
    ['50173', 'deny', 'session_revoked'],
    ['999999', 'deny', 'foreign_deny'],
  ])('result %s is %s for %s', (ResultType, outcome, reason) => {
    expect(readOne({ ...LOG_ANALYTICS, ResultType })).toMatchObject({
      outcome,
      reasons: [reason],
      unmapped: { result_type: ResultType },
    })
  })

  it('names the conditional access policy that refused, not those that only report', () => {
    const ConditionalAccessPolicies = [
      { displayName: 'Report only', result: 'reportOnlyFailure' },
      { displayName: 'Block legacy clients', result: 'failure' },
    ]
    expect(readOne({ ...LOG_ANALYTICS, ResultType: '53003', ConditionalAccessPolicies }).policy).toEqual({
      rule_id: 'Block legacy clients',
    })
    expect(readOne(LOG_ANALYTICS).policy).toBeUndefined()
  })

  it('a service principal is a service', () => {
    const { UserPrincipalName: _name, UserId: _id, ...rest } = LOG_ANALYTICS
    expect(readOne({ ...rest, ServicePrincipalName: 'backup-job' }).subject).toMatchObject({
      type: 'service',
      id: 'backup-job',
    })
  })

  it('an array on one line is all its sign-ins, and spaces make no difference to the content', () => {
    const reader = entraReader()
    const reading = reader.read(
      JSON.stringify([LOG_ANALYTICS, { ...LOG_ANALYTICS, UserPrincipalName: 'bob@example.org' }]),
    )
    expect(reading.kind === 'ok' ? reading.value.map((draft) => draft.subject.id) : reading).toEqual([
      'alice@example.org',
      'bob@example.org',
    ])
    expect(reader.contentOf(JSON.stringify(LOG_ANALYTICS, null, 2))).toBe(
      reader.contentOf(JSON.stringify(LOG_ANALYTICS)),
    )
  })

  it.each([
    ['no JSON', '{"CreatedDateTime":', 'json_invalid'],
    ['a number', '7', 'record_invalid'],
    ['no instant', '{"ResultType":"0","UserPrincipalName":"a"}', 'no_timestamp'],
    [
      'an instant that is none',
      JSON.stringify({ ...LOG_ANALYTICS, CreatedDateTime: 'yesterday' }),
      'timestamp_invalid',
    ],
    [
      '30 February',
      JSON.stringify({ ...LOG_ANALYTICS, CreatedDateTime: '2024-02-30T00:00:00Z' }),
      'timestamp_invalid',
    ],
    ['no result', JSON.stringify({ ...LOG_ANALYTICS, ResultType: '' }), 'record_invalid'],
    ['nobody', JSON.stringify({ ...LOG_ANALYTICS, UserPrincipalName: '', UserId: null }), 'record_invalid'],
    ['another category', JSON.stringify({ ...LOG_ANALYTICS, Category: 'AuditLogs' }), 'other_program'],
    ['a blank line', '  ', 'blank'],
  ])('%s is put aside with its reason', (_title, text, reason) => {
    const reading = entraReader().read(text)
    expect(reading.kind === 'ok' ? reading : reading.reason).toBe(reason)
  })

  it('keeps at most 4 KiB of what it does not know, and says how much it left out', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`Extra${i}`, 'x'.repeat(100)]))
    const { unmapped } = readOne({ ...LOG_ANALYTICS, ...many, Huge: 'y'.repeat(5000) })
    expect(JSON.stringify(unmapped).length).toBeLessThanOrEqual(4200)
    expect(unmapped?.['fields_left_out']).toBeGreaterThan(50)
    expect(unmapped).not.toHaveProperty('huge')
  })

  it('a value that nests without end is put aside, not followed', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    for (const text of [deep, `{"unmapped":{"x":${deep}},"requestParameters":${deep}}`]) {
      expect(entraReader().read(text)).toMatchObject({ kind: 'dead-letter', reason: 'json_invalid' })
    }
  })

  it('JSON in a string that nests without end stays a string', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(readOne({ ...LOG_ANALYTICS, LocationDetails: deep, Status: deep }).unmapped).toMatchObject({
      fields_left_out: 2,
    })
  })

  it('never throws, and what it accepts is a decision, whatever the members hold', () => {
    const member = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('2024-05-20T18:19:04Z', '0', '192.0.2.7', '[', '__proto__'),
    )
    const record = fc.record(Object.fromEntries(Object.keys(LOG_ANALYTICS).map((key) => [key, member])), {
      requiredKeys: [],
    })
    fc.assert(
      fc.property(
        fc.oneof(
          record.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        (text) => {
          const reading = entraReader().read(text)
          if (reading.kind !== 'ok') return
          for (const draft of reading.value)
            expect(Decision.safeParse({ ...draft, id: 'x' }).error).toBeUndefined()
        },
      ),
      { numRuns: 2000 },
    )
  })
})

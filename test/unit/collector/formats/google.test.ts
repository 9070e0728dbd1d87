import { describe, expect, it } from 'vitest'
import { draftOf, reading, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

type Parameters = Readonly<Record<string, unknown>>

function activity(name: string, parameters: Parameters = {}, application = 'login'): Record<string, unknown> {
  return {
    kind: 'admin#reports#activity',
    id: {
      time: '2026-03-01T08:00:00.481Z',
      uniqueQualifier: '-6709442587437772138',
      applicationName: application,
      customerId: 'C1',
    },
    actor: { callerType: 'USER', email: 'Alice@example.org', profileId: '111' },
    ipAddress: '192.0.2.7',
    events: [{ type: application, name, parameters: list(parameters) }],
  }
}

function list(parameters: Parameters): unknown[] {
  return Object.entries(parameters).map(([name, value]) =>
    Array.isArray(value)
      ? { name, multiValue: value }
      : typeof value === 'boolean'
        ? { name, boolValue: value }
        : { name, value },
  )
}

describe('google, the Reports API', () => {
  it('maps a sign-in', () => {
    const signIn = activity('login_success', {
      login_type: 'google_password',
      login_challenge_method: ['password', 'security_key'],
      is_suspicious: false,
    })
    expect(draftOf('google', signIn)).toMatchObject({
      decided_at: '2026-03-01T08:00:00.481Z',
      outcome: 'permit',
      reasons: ['foreign_permit'],
      subject: {
        type: 'user',
        id: 'alice@example.org',
        idp: 'google_password',
        amr: ['password', 'security_key'],
      },
      action: { name: 'sign_in' },
      resource: { type: 'application', id: 'Google Workspace', app: 'Google Workspace' },
      context: { ip: '192.0.2.7' },
      unmapped: { event: 'login_success', customer_id: 'C1', is_suspicious: false },
    })
    expect(reading('google', signIn)).toMatchObject({
      event_ids: ['2026-03-01T08:00:00.481Z/-6709442587437772138/0/login_success'],
    })
  })

  it.each([
    [
      'login_failure',
      { login_failure_type: 'login_failure_invalid_password' },
      'sign_in',
      'deny',
      'credentials_rejected',
    ],
    [
      'login_failure',
      { login_failure_type: 'login_failure_invalid_second_factor' },
      'sign_in',
      'deny',
      'mfa_rejected',
    ],
    [
      'login_failure',
      { login_failure_type: 'login_failure_account_disabled' },
      'sign_in',
      'deny',
      'account_locked',
    ],
    [
      'login_failure',
      { failure_type: 'failure_app_not_enabled_for_user', application_name: 'Wiki' },
      'sign_in',
      'deny',
      'permission_missing',
    ],
    ['login_challenge', {}, 'mfa.verify', 'step_up', 'step_up_required'],
    [
      'login_challenge',
      { login_challenge_status: 'Challenge Passed.' },
      'mfa.verify',
      'permit',
      'foreign_permit',
    ],
    ['login_verification', { login_challenge_status: 'failed' }, 'mfa.verify', 'deny', 'mfa_rejected'],
    ['risky_sensitive_action_blocked', {}, 'sensitive_action', 'deny', 'risk_high'],
    ['ACCESS_DENY_EVENT', { CAA_ACCESS_LEVEL_UNSATISFIED: 'x' }, 'access', 'deny', 'device_tier_too_low'],
    ['ACCESS_DENY_INTERNAL_ERROR_EVENT', {}, 'access', 'error_closed', 'policy_error'],
    ['authorize', { app_name: 'Mailer' }, 'token.grant', 'permit', 'foreign_permit'],
    ['CREATE_USER', { USER_EMAIL: 'bob@example.org' }, 'admin:CREATE_USER', 'permit', 'foreign_permit'],
  ])('%s %j is %s: %s, %s', (name, parameters, action, outcome, reason) => {
    expect(draftOf('google', activity(name, parameters))).toMatchObject({
      action: { name: action },
      outcome,
      reasons: [reason],
    })
  })

  it('what context-aware access would have denied is a permit that says so', () => {
    const monitored = activity('MONITOR_MODE_ACCESS_DENY_EVENT', {
      CAA_APPLICATION: 'GMAIL',
      CAA_DEVICE_ID: 'd-1',
    })
    expect(draftOf('google', monitored)).toMatchObject({
      outcome: 'permit',
      would_be: 'deny',
      resource: { id: 'GMAIL' },
      device: { id: 'd-1' },
    })
  })

  it('an admin action is about what it names', () => {
    const parameters = { USER_EMAIL: 'bob@example.org', NEW_VALUE: 'x' }
    expect(draftOf('google', activity('SUSPEND_USER', parameters, 'admin'))).toMatchObject({
      resource: { type: 'user', id: 'bob@example.org', app: 'Google Admin' },
      unmapped: { NEW_VALUE: 'x' },
    })
  })

  it('several events of an activity are as many decisions, each with a name of its own', () => {
    const one = activity('login_success')
    const read = reading('google', {
      ...one,
      events: [{ name: 'login_success' }, { name: 'logout' }, { name: 'login_failure' }],
    })
    expect(read).toMatchObject({ kind: 'ok', value: [{ outcome: 'permit' }, { outcome: 'deny' }] })
    expect(new Set(read.kind === 'ok' ? read.event_ids : []).size).toBe(2)
  })

  it('is the same when it was shared with Google Cloud', () => {
    const parameter = [
      { name: 'login_type', type: 'TYPE_STRING', value: 'google_password' },
      { name: 'login_challenge_method', type: 'TYPE_STRING', multiStrValue: ['password', 'otp'] },
      { name: 'is_suspicious', type: 'TYPE_BOOL', boolValue: false },
    ]
    const shared = (eventName: string) => ({
      insertId: 'x1',
      logName: 'organizations/1/logs/cloudaudit.googleapis.com%2Fdata_access',
      timestamp: '2026-03-01T08:00:00.718123Z',
      protoPayload: {
        serviceName: 'login.googleapis.com',
        methodName: 'google.login.LoginService.loginSuccess',
        resourceName: 'organizations/1',
        authenticationInfo: { principalEmail: 'Alice@example.org' },
        requestMetadata: { callerIp: '192.0.2.7' },
        metadata: {
          '@type': 'type.googleapis.com/ccc_hosted_reporting.ActivityProto',
          activityId: { timeUsec: '1772352000718000', uniqQualifier: '-77' },
          event: [{ eventName, eventType: 'login', parameter }],
        },
      },
    })
    expect(draftOf('google', shared('login_success'))).toMatchObject({
      decided_at: '2026-03-01T08:00:00.718Z',
      outcome: 'permit',
      subject: { type: 'user', id: 'alice@example.org', idp: 'google_password', amr: ['password', 'otp'] },
      action: { name: 'sign_in' },
      context: { ip: '192.0.2.7' },
      unmapped: { application: 'login', is_suspicious: false, resource_name: 'organizations/1' },
    })
    expect(reading('google', shared('login_success'))).toMatchObject({
      event_ids: ['2026-03-01T08:00:00.718Z/-77/0/login_success'],
    })
    expect(draftOf('google', shared('login_failure'))).toMatchObject({ outcome: 'deny' })
    expect(whyNot('google', shared('2sv_enroll'))).toBe('drop no_decision')
  })

  it('a page is all its activities', () => {
    const page = {
      kind: 'admin#reports#activities',
      items: [activity('login_success'), activity('login_failure')],
    }
    expect(reading('google', page)).toMatchObject({ value: [{ outcome: 'permit' }, { outcome: 'deny' }] })
  })

  it.each([
    ['a sign-out', activity('logout'), 'drop no_decision'],
    ['a warning of Google', activity('suspicious_login'), 'drop no_decision'],
    [
      'no instant',
      { ...activity('login_success'), id: { applicationName: 'login' } },
      'dead-letter no_timestamp',
    ],
    [
      'an instant that is none',
      { ...activity('login_success'), id: { applicationName: 'login', time: 'noon' } },
      'dead-letter timestamp_invalid',
    ],
    ['an event that is none', { ...activity('login_success'), events: ['x'] }, 'dead-letter record_invalid'],
    ['another product', { a: 1 }, 'dead-letter record_invalid'],
    ['half a line', '{"kind":', 'dead-letter json_invalid'],
  ])('%s is put aside', (_title, record, why) => {
    expect(whyNot('google', record)).toBe(why)
  })
})

describe('google, Cloud Audit Logs', () => {
  const check = {
    resource: 'projects/1/iap_web/compute/services/2',
    permission: 'iap.webServiceVersions.accessViaIAP',
    granted: true,
  }
  function entry(log: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      insertId: 'a1',
      logName: 'projects/example/logs/cloudaudit.googleapis.com%2Fdata_access',
      timestamp: '2026-03-01T08:00:00.123456Z',
      resource: { type: 'gce_backend_service', labels: { project_id: 'example' } },
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        serviceName: 'iap.googleapis.com',
        methodName: 'AuthorizeUser',
        authenticationInfo: { principalEmail: 'Alice@example.org' },
        authorizationInfo: [check],
        requestMetadata: {
          callerIp: '192.0.2.7',
          callerSuppliedUserAgent: 'Mozilla/5.0',
          requestAttributes: { host: 'app.example', path: '/records/17', method: 'GET' },
        },
        metadata: { device_id: 'd-1', device_state: 'Normal' },
        ...log,
      },
    }
  }

  it('maps a request that IAP let through', () => {
    expect(draftOf('google', entry())).toMatchObject({
      decided_at: '2026-03-01T08:00:00.123Z',
      outcome: 'permit',
      subject: { type: 'user', id: 'alice@example.org' },
      action: { name: 'GET' },
      resource: { type: 'application', id: 'app.example/records/17', app: 'app.example' },
      context: { ip: '192.0.2.7', user_agent: 'Mozilla/5.0' },
      device: { id: 'd-1' },
      unmapped: { permission: check.permission, metadata: { device_state: 'Normal' } },
    })
  })

  it.each([
    [{ authorizationInfo: [{ ...check, granted: false }] }, 'deny', 'permission_missing'],
    [{ authorizationInfo: [{ ...check, granted: undefined }] }, 'deny', 'permission_missing'],
    [{ status: { code: 7 } }, 'deny', 'permission_missing'],
    [{ status: { code: 16 } }, 'deny', 'not_authenticated'],
    [{ status: { code: 8 } }, 'error_closed', 'rate_limited'],
    [{ status: { code: 5 } }, 'permit', 'foreign_permit'],
  ])('%j is %s, %s', (log, outcome, reason) => {
    expect(draftOf('google', entry(log))).toMatchObject({ outcome, reasons: [reason] })
  })

  it('a call of another service is an action of that service', () => {
    const call = {
      serviceName: 'iam.googleapis.com',
      methodName: 'google.iam.admin.v1.CreateServiceAccountKey',
      resourceName: 'projects/-/serviceAccounts/1',
      authenticationInfo: { principalEmail: 'ci@example.iam.gserviceaccount.com' },
      authorizationInfo: [
        { permission: 'iam.serviceAccountKeys.create', resource: 'projects/x', granted: true },
      ],
    }
    expect(draftOf('google', entry(call))).toMatchObject({
      subject: { type: 'service', id: 'ci@example.iam.gserviceaccount.com' },
      action: { name: 'iam:CreateServiceAccountKey' },
      resource: { id: 'projects/x', app: 'iam' },
    })
  })

  it('a perimeter refuses without a list of permissions, and in a dry run only says so', () => {
    const refused = (metadata: Record<string, unknown>) => ({
      ...entry({ authorizationInfo: undefined, status: { code: 7 }, metadata }),
      logName: 'projects/example/logs/cloudaudit.googleapis.com%2Fpolicy',
    })
    expect(draftOf('google', refused({ violationReason: 'NO_MATCHING_ACCESS_LEVEL' }))).toMatchObject({
      outcome: 'deny',
      reasons: ['policy_deny'],
    })
    expect(draftOf('google', refused({ dryRun: true }))).toMatchObject({
      outcome: 'permit',
      would_be: 'deny',
    })
    const call = entry({ authorizationInfo: [], status: { code: 7 } })
    expect(draftOf('google', call).reasons).toEqual(['permission_missing'])
  })

  it.each([
    ['the end of a long operation', entry({ authorizationInfo: undefined }), 'drop no_decision'],
    ['a log of requests', { logName: 'projects/x/logs/requests', httpRequest: {} }, 'drop other_program'],
    ['no instant', { ...entry(), timestamp: undefined }, 'dead-letter no_timestamp'],
  ])('%s is put aside', (_title, record, why) => {
    expect(whyNot('google', record)).toBe(why)
  })

  it('an instant without a zone is of the zone that was given', () => {
    const reader = readerOf('google', { timezone: '+02:00' })
    expect(reader.read(JSON.stringify({ ...entry(), timestamp: '2026-03-01T10:00:00' }))).toMatchObject({
      value: [{ decided_at: '2026-03-01T08:00:00.000Z' }],
    })
  })
})

import { describe, expect, it } from 'vitest'
import { draftOf, reading, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

const EVENT = {
  uuid: '3aeede38-4f67-11ea-abd3-1f5d113f2546',
  published: '2026-03-01T08:00:00.718Z',
  eventType: 'user.authentication.sso',
  version: '0',
  severity: 'INFO',
  displayMessage: 'User single sign on to app',
  outcome: { result: 'SUCCESS', reason: null },
  actor: { id: '00u1', type: 'User', alternateId: 'Alice@example.org', displayName: 'alice' },
  client: {
    ipAddress: '192.0.2.7',
    device: 'Computer',
    zone: 'null',
    userAgent: { rawUserAgent: 'Mozilla/5.0', os: 'Mac OS X', browser: 'FIREFOX' },
    geographicalContext: { city: 'Lisbon', country: 'Portugal' },
  },
  authenticationContext: {
    externalSessionId: 's-1',
    credentialType: 'PASSWORD',
    authenticationProvider: null,
  },
  device: { id: 'd-1', managed: true, os_platform: 'OSX' },
  securityContext: { isProxy: false, asNumber: 64_496 },
  debugContext: { debugData: { requestUri: '/app' } },
  target: [
    { id: '0oa1', type: 'AppInstance', alternateId: 'Wiki', displayName: 'Team Wiki' },
    { id: '0pr1', type: 'PolicyRule', alternateId: 'unknown', displayName: 'Default Rule' },
  ],
}

describe('okta', () => {
  it('maps a sign-in to an application', () => {
    expect(draftOf('okta', EVENT)).toMatchObject({
      decided_at: '2026-03-01T08:00:00.718Z',
      outcome: 'permit',
      reasons: ['foreign_permit'],
      subject: { type: 'user', id: 'alice@example.org', session_id: 's-1', amr: ['PASSWORD'] },
      action: { name: 'sign_in' },
      resource: { type: 'application', id: 'Team Wiki', app: 'Team Wiki' },
      context: { ip: '192.0.2.7', user_agent: 'Mozilla/5.0' },
      policy: { rule_id: 'Default Rule' },
      device: { id: 'd-1', managed: true, os: 'OSX' },
      unmapped: {
        event_id: EVENT.uuid,
        event_type: 'user.authentication.sso',
        geographical_context: { city: 'Lisbon', country: 'Portugal' },
        securityContext: { isProxy: false, asNumber: 64_496 },
      },
    })
  })

  it('the event’s own id names the decision', () => {
    expect(reading('okta', EVENT)).toMatchObject({ event_ids: [EVENT.uuid] })
  })

  it.each([
    ['user.session.start', 'SUCCESS', null, 'sign_in', 'permit', 'foreign_permit'],
    ['user.session.start', 'FAILURE', 'INVALID_CREDENTIALS', 'sign_in', 'deny', 'credentials_rejected'],
    ['user.session.start', 'FAILURE', 'LOCKED_OUT', 'sign_in', 'deny', 'account_locked'],
    [
      'policy.evaluate_sign_on',
      'DENY',
      'Sign-on policy evaluation resulted in DENY',
      'sign_in',
      'deny',
      'policy_deny',
    ],
    [
      'policy.evaluate_sign_on',
      'CHALLENGE',
      'resulted in CHALLENGE',
      'sign_in',
      'step_up',
      'step_up_required',
    ],
    ['system.push.send_factor_verify_push', 'SUCCESS', null, 'mfa.verify', 'step_up', 'step_up_required'],
    ['user.mfa.okta_verify.deny_push', 'SUCCESS', null, 'mfa.verify', 'deny', 'mfa_rejected'],
    ['application.policy.sign_on.deny_access', 'FAILURE', null, 'sign_in', 'deny', 'permission_missing'],
    ['app.generic.unauth_app_access_attempt', 'FAILURE', null, 'sign_in', 'deny', 'permission_missing'],
    ['app.oauth2.as.token.grant.access_token', 'SUCCESS', null, 'token.grant', 'permit', 'foreign_permit'],
    ['app.oauth2.token.grant', 'FAILURE', 'invalid_grant', 'token.grant', 'deny', 'token_invalid'],
    ['security.request.blocked', 'DENY', null, 'request', 'deny', 'policy_deny'],
    ['security.threat.detected', 'DENY', 'Password Spray', 'request', 'deny', 'policy_deny'],
    ['app.oauth2.as.authorize.scope_denied', 'SUCCESS', null, 'token.grant', 'deny', 'permission_missing'],
    ['app.oauth2.as.token.detect_reuse', 'SUCCESS', null, 'token.grant', 'deny', 'token_invalid'],
    ['system.api_token.request_outside_allowed_range', 'FAILURE', null, 'request', 'deny', 'policy_deny'],
    ['system.sms.send_factor_verify_message', 'DENY', null, 'mfa.verify', 'deny', 'policy_deny'],
    ['app.inbound_del_auth.login_success', 'SUCCESS', null, 'sign_in', 'permit', 'foreign_permit'],
  ])('%s %s (%s) is %s: %s, %s', (eventType, result, reason, action, outcome, why) => {
    expect(draftOf('okta', { ...EVENT, eventType, outcome: { result, reason } })).toMatchObject({
      action: { name: action },
      outcome,
      reasons: [why],
    })
  })

  it('a factor that failed is a factor, unless it was the password', () => {
    const failed = {
      ...EVENT,
      eventType: 'user.authentication.auth_via_mfa',
      outcome: { result: 'FAILURE', reason: 'INVALID_CREDENTIALS' },
      authenticationContext: { credentialType: 'OTP' },
    }
    const draft = draftOf('okta', failed)
    expect(draft).toMatchObject({ action: { name: 'mfa.verify' }, reasons: ['mfa_rejected'] })
    expect(draft.subject).not.toHaveProperty('amr')
    const password = { ...failed, debugContext: { debugData: { factor: 'PASSWORD_AS_FACTOR' } } }
    expect(draftOf('okta', password)).toMatchObject({
      action: { name: 'sign_in' },
      reasons: ['credentials_rejected'],
    })
  })

  it('whom a push was sent to is the subject, and a client that was given a token is a service', () => {
    const system = { id: 'x', type: 'SystemPrincipal', alternateId: 'system@okta.example' }
    const target = [{ type: 'User', alternateId: 'Bob@example.org' }]
    const push = { ...EVENT, eventType: 'system.push.send_factor_verify_push', actor: system, target }
    expect(draftOf('okta', push).subject).toMatchObject({ type: 'user', id: 'bob@example.org' })
    const client = { id: '0oa9', type: 'PublicClientApp', alternateId: '0oa9', displayName: 'batch' }
    const grant = { ...EVENT, eventType: 'app.oauth2.token.grant', actor: client }
    expect(draftOf('okta', grant).subject).toMatchObject({ type: 'service', id: '0oa9' })
  })

  it.each([
    ['the end of a session', { ...EVENT, eventType: 'user.session.end' }, 'drop no_decision'],
    ['a change of settings', { ...EVENT, eventType: 'group.user_membership.add' }, 'drop no_decision'],
    [
      'a policy that allowed',
      { ...EVENT, eventType: 'policy.evaluate_sign_on', outcome: { result: 'ALLOW' } },
      'drop same_attempt',
    ],
    [
      'a threat that was only logged',
      { ...EVENT, eventType: 'security.threat.detected', outcome: { result: 'ALLOW' } },
      'drop same_attempt',
    ],
    ['a step that was skipped', { ...EVENT, outcome: { result: 'SKIPPED' } }, 'drop no_decision'],
    ['no instant', { ...EVENT, published: undefined }, 'dead-letter no_timestamp'],
    ['30 February', { ...EVENT, published: '2026-02-30T00:00:00Z' }, 'dead-letter timestamp_invalid'],
    ['another product', { event: 'user.login', code: 'T1000I' }, 'dead-letter record_invalid'],
    ['half a line', '{"uuid":', 'dead-letter json_invalid'],
  ])('%s is put aside', (_title, event, why) => {
    expect(whyNot('okta', event)).toBe(why)
  })

  it('an instant without a zone is of the zone that was given', () => {
    const reader = readerOf('okta', { timezone: '+02:00' })
    expect(reader.read(JSON.stringify({ ...EVENT, published: '2026-03-01T10:00:00' }))).toMatchObject({
      value: [{ decided_at: '2026-03-01T08:00:00.000Z' }],
    })
    expect(reader.assumedZone?.()).toBe(true)
  })
})

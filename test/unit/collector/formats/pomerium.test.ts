import { describe, expect, it } from 'vitest'
import { draftOf, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

const LINE = {
  level: 'info',
  service: 'authorize',
  'request-id': 'r-1',
  'check-request-id': 'c-1',
  method: 'GET',
  path: '/records/17',
  query: 'token=x',
  host: 'records.example',
  ip: '192.0.2.7',
  'session-id': 's-1',
  user: 'u-1',
  email: 'Alice@example.org',
  'envoy-route-id': 'route-1',
  'headers.user-agent': 'Mozilla/5.0',
  allow: true,
  'allow-why-true': ['email-ok'],
  deny: false,
  'deny-why-false': [],
  time: '2026-03-01T09:00:00+01:00',
  message: 'authorize check',
}

function refused(...why: readonly string[]): unknown {
  return { ...LINE, allow: false, 'allow-why-true': undefined, 'allow-why-false': why }
}

describe('pomerium', () => {
  it('maps a check that allowed', () => {
    expect(draftOf('pomerium', LINE)).toEqual({
      schema_version: 1,
      decided_at: '2026-03-01T08:00:00.000Z',
      outcome: 'permit',
      reasons: ['policy_permit'],
      subject: { type: 'user', id: 'alice@example.org', session_id: 's-1' },
      action: { name: 'GET' },
      resource: { type: 'http', id: '/records/17', app: 'records.example', path_template: '/records/{id}' },
      context: {
        ip: '192.0.2.7',
        user_agent: 'Mozilla/5.0',
        http: { host: 'records.example', method: 'GET', path: '/records/17' },
      },
      policy: { route_id: 'route-1' },
      unmapped: {
        why: ['email-ok'],
        'request-id': 'r-1',
        'check-request-id': 'c-1',
        user: 'u-1',
        email: 'Alice@example.org',
      },
    })
  })

  it.each([
    [['email-unauthorized', 'user-ok'], 'deny', 'permission_missing'],
    [['user-unauthenticated'], 'step_up', 'not_authenticated'],
    [['device-unauthenticated'], 'step_up', 'device_unknown'],
    [['device-unauthorized'], 'deny', 'device_tier_too_low'],
    [['client-certificate-required'], 'deny', 'not_authenticated'],
    [['invalid-client-certificate'], 'deny', 'credentials_rejected'],
    [['client-certificate-unauthorized'], 'deny', 'credentials_rejected'],
    [['route-not-found'], 'deny', 'no_route'],
    [['non-pomerium-route', 'claim-unauthorized'], 'deny', 'permission_missing'],
    [['reject'], 'deny', 'policy_deny'],
    [[], 'deny', 'policy_deny'],
  ])('%j is %s, %s', (why, outcome, reason) => {
    expect(draftOf('pomerium', refused(...why))).toMatchObject({ outcome, reasons: [reason] })
  })

  it('an explicit deny goes before an allow', () => {
    expect(draftOf('pomerium', { ...LINE, deny: true, 'deny-why-true': ['reject'] })).toMatchObject({
      outcome: 'deny',
      reasons: ['policy_deny'],
      unmapped: { why: ['reject'] },
    })
  })

  it('whoever has not signed in is sent to, whatever the other rules said', () => {
    const unauthenticated = { outcome: 'step_up', reasons: ['not_authenticated'] }
    const why = ['user-unauthenticated']
    expect(draftOf('pomerium', { ...LINE, 'deny-why-false': why })).toMatchObject(unauthenticated)
    const rejected = { deny: true, 'deny-why-true': ['reject'], allow: false, 'allow-why-false': why }
    expect(draftOf('pomerium', { ...LINE, ...rejected })).toMatchObject(unauthenticated)
    const certificate = { ...rejected, 'deny-why-true': ['invalid-client-certificate'] }
    expect(draftOf('pomerium', { ...LINE, ...certificate }).outcome).toBe('deny')
  })

  it('a check of SSH has no request', () => {
    const line = { ...LINE, method: '', path: '', host: '', 'envoy-route-id': '', 'route-id': 'r-9' }
    expect(draftOf('pomerium', { ...line, ip: '192.0.2.7:4411' })).toMatchObject({
      action: { name: 'ssh.login' },
      resource: { type: 'host', id: 'r-9', app: 'pomerium' },
      context: { ip: '192.0.2.7', port: 4411 },
      policy: { route_id: 'r-9' },
    })
    const refusal = { allow: false, 'allow-why-false': ['ssh-publickey-unauthorized'] }
    expect(draftOf('pomerium', { ...line, ...refusal }).reasons).toEqual(['credentials_rejected'])
  })

  it('knows a service account, somebody impersonated, and nobody', () => {
    expect(draftOf('pomerium', { ...LINE, 'service-account-id': 'sa-1' }).subject).toMatchObject({
      type: 'service',
      id: 'sa-1',
    })
    expect(draftOf('pomerium', { ...LINE, 'impersonate-email': 'bob@example.org' })).toMatchObject({
      subject: { id: 'bob@example.org' },
      unmapped: { email: 'Alice@example.org' },
    })
    expect(draftOf('pomerium', { ...LINE, email: '', user: '' }).subject.type).toBe('anonymous')
  })

  it('what stands before the JSON, and another order of members, make no difference', () => {
    const reader = readerOf('pomerium')
    const text = JSON.stringify(LINE)
    const journal = `Mar 01 08:00:00 host pomerium[7]: ${text}`
    expect(reader.read(journal)).toEqual(reader.read(text))
    expect(reader.contentOf(journal)).toBe(reader.contentOf(text))
  })

  it.each([
    [
      'another service',
      { level: 'info', service: 'envoy', message: 'http-request', time: LINE.time },
      'drop other_program',
    ],
    ['a check without a result', { ...LINE, allow: undefined }, 'drop no_decision'],
    ['no instant', { ...LINE, time: undefined }, 'dead-letter no_timestamp'],
    ['an instant that is none', { ...LINE, time: 'noon' }, 'dead-letter timestamp_invalid'],
    ['no line of Pomerium', { a: 1 }, 'dead-letter record_invalid'],
    ['no JSON', 'starting up', 'dead-letter line_unreadable'],
    ['half a line', '{"level":"info"', 'dead-letter json_invalid'],
  ])('%s is put aside', (_title, line, why) => {
    expect(whyNot('pomerium', line)).toBe(why)
  })

  it('an instant without a zone is of the zone that was given', () => {
    expect(
      draftOf('pomerium', { ...LINE, time: '2026-03-01T10:00:00' }, { timezone: '+02:00' }).decided_at,
    ).toBe('2026-03-01T08:00:00.000Z')
  })

  it('the token, the cookie and the body are not kept', () => {
    const line = {
      ...LINE,
      'id-token': 'S3CRET',
      body: 'S3CRET',
      headers: { Cookie: 'S3CRET', 'User-Agent': 'x' },
    }
    expect(JSON.stringify(draftOf('pomerium', line))).not.toMatch(/S3CRET|token=x/)
  })
})

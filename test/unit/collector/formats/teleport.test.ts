import { describe, expect, it } from 'vitest'
import { draftOf, reading, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

const EVENT = {
  uid: '84c07a99-856c-419f-9de5-15560451a116',
  event: 'session.start',
  code: 'T2000I',
  time: '2026-03-01T08:00:00.676Z',
  cluster_name: 'example',
  user: 'alice',
  user_roles: ['access', 'dev'],
  login: 'root',
  sid: '56408539',
  server_hostname: 'db-1',
  server_id: 'de3800ea',
  with_mfa: 'a1b2',
  trusted_device: { device_id: 'd-1', os_type: 'OS_TYPE_MACOS' },
  'addr.remote': '192.0.2.7:51454',
  user_agent: 'Mozilla/5.0',
}

describe('teleport', () => {
  it('maps the start of a session', () => {
    expect(draftOf('teleport', EVENT)).toMatchObject({
      decided_at: '2026-03-01T08:00:00.676Z',
      outcome: 'permit',
      reasons: ['foreign_permit'],
      subject: { type: 'user', id: 'alice', session_id: '56408539', roles: ['access', 'dev'], amr: ['mfa'] },
      action: { name: 'ssh.login' },
      resource: { type: 'host', id: 'db-1', app: 'example' },
      device: { id: 'd-1', os: 'OS_TYPE_MACOS' },
      context: { ip: '192.0.2.7', port: 51_454, user_agent: 'Mozilla/5.0' },
      unmapped: { event: 'session.start', code: 'T2000I', login: 'root' },
    })
    expect(reading('teleport', EVENT)).toMatchObject({ event_ids: [EVENT.uid] })
  })

  it.each([
    ['user.login', 'T1000I', { success: true, method: 'local' }, 'sign_in', 'permit', 'foreign_permit'],
    [
      'user.login',
      'T1000W',
      { success: false, error: 'invalid password' },
      'sign_in',
      'deny',
      'credentials_rejected',
    ],
    [
      'user.login',
      'T1000W',
      { success: false, error: 'user(name="x") not found' },
      'sign_in',
      'deny',
      'account_unknown',
    ],
    [
      'user.login',
      'T1000W',
      { success: false, error: 'user is locked' },
      'sign_in',
      'deny',
      'account_locked',
    ],
    [
      'auth',
      'T3007W',
      { error: 'ssh: principal "x" not in the set of valid principals' },
      'ssh.login',
      'deny',
      'permission_missing',
    ],
    ['session.rejected', 'T1006W', { reason: 'max_connections limit' }, 'ssh.login', 'deny', 'rate_limited'],
    [
      'db.session.start',
      'TDB00W',
      { success: false, error: 'access to db denied' },
      'db.connect',
      'deny',
      'permission_missing',
    ],
    ['windows.desktop.session.start', 'TDP00W', {}, 'rdp.login', 'deny', 'permission_missing'],
    ['mfa_auth_challenge.create', 'T1015I', {}, 'mfa.verify', 'step_up', 'step_up_required'],
    ['mfa_auth_challenge.validate', 'T1016W', { success: false }, 'mfa.verify', 'deny', 'mfa_rejected'],
    ['user.login', 'T1012I', { success: false }, 'mfa.verify', 'step_up', 'step_up_required'],
    ['user.login', 'T1013I', { success: true }, 'mfa.verify', 'permit', 'foreign_permit'],
    ['user.login', 'T1014W', { success: false }, 'mfa.verify', 'deny', 'mfa_rejected'],
    ['port.local', 'T3003I', { addr: '192.0.2.9:80' }, 'port.forward', 'permit', 'foreign_permit'],
    [
      'port',
      'T3003E',
      { success: false, error: 'port forwarding not allowed' },
      'port.forward',
      'deny',
      'permission_missing',
    ],
    ['session.start', 'T2000I', { kubernetes_cluster: 'k-1' }, 'kube:session', 'permit', 'foreign_permit'],
    ['kube.request', 'T3009I', { verb: 'GET', response_code: 403 }, 'kube:GET', 'deny', 'foreign_deny'],
    ['kube.request', 'T3009I', { verb: 'POST', response_code: 201 }, 'kube:POST', 'permit', 'foreign_permit'],
  ])('%s %s %j is %s: %s, %s', (event, code, more, action, outcome, reason) => {
    expect(draftOf('teleport', { ...EVENT, event, code, ...more })).toMatchObject({
      action: { name: action },
      outcome,
      reasons: [reason],
    })
  })

  it('a certificate names its user inside, and may have no id of its own', () => {
    const event = {
      code: 'TC000I',
      event: 'cert.create',
      cert_type: 'user',
      identity: { user: 'bob' },
      time: EVENT.time,
    }
    expect(draftOf('teleport', event)).toMatchObject({
      subject: { type: 'user', id: 'bob' },
      action: { name: 'certificate.issue' },
    })
    expect(reading('teleport', event)).toMatchObject({ event_ids: [''] })
  })

  it('a bot is a service', () => {
    expect(
      draftOf('teleport', { ...EVENT, event: 'bot.join', user: 'bot-ci', success: true }).subject.type,
    ).toBe('service')
    expect(draftOf('teleport', { ...EVENT, user_kind: 2 }).subject.type).toBe('service')
  })

  it('a page of the web API is all its events', () => {
    const read = reading('teleport', {
      events: [EVENT, { ...EVENT, event: 'session.end' }, EVENT],
      startKey: '',
    })
    expect(read.kind === 'ok' ? read.value : read).toHaveLength(2)
  })

  it.each([
    ['the end of a session', { ...EVENT, event: 'session.end' }, 'drop no_decision'],
    ['an access request', { ...EVENT, event: 'access_request.create' }, 'drop no_decision'],
    [
      'a request that the cluster failed at',
      { ...EVENT, event: 'kube.request', response_code: 500 },
      'drop no_decision',
    ],
    ['a connector that is tried', { ...EVENT, event: 'user.login', code: 'T1010I' }, 'drop no_decision'],
    ['the end of a port forward', { ...EVENT, event: 'port.local', code: 'T3003S' }, 'drop no_decision'],
    [
      'a port forward that broke',
      { ...EVENT, event: 'port.local', code: 'T3003E', success: false, error: 'connection reset' },
      'drop no_decision',
    ],
    ['no instant', { ...EVENT, time: undefined }, 'dead-letter no_timestamp'],
    ['an instant that is none', { ...EVENT, time: 'noon' }, 'dead-letter timestamp_invalid'],
    ['another product', { eventType: 'user.session.start' }, 'dead-letter record_invalid'],
    ['half a line', '{"uid":', 'dead-letter json_invalid'],
  ])('%s is put aside', (_title, event, why) => {
    expect(whyNot('teleport', event)).toBe(why)
  })

  it('an instant without a zone is of the zone that was given', () => {
    const reader = readerOf('teleport', { timezone: '+02:00' })
    expect(reader.read(JSON.stringify({ ...EVENT, time: '2026-03-01T10:00:00' }))).toMatchObject({
      value: [{ decided_at: '2026-03-01T08:00:00.000Z' }],
    })
  })
})

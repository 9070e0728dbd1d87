import { describe, expect, it } from 'vitest'
import { draftOf, reading, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

const LOGPUSH = {
  Action: 'login',
  Allowed: true,
  AppDomain: 'wiki.example/team',
  AppUUID: 'app-1',
  Connection: 'onetimepin',
  Country: 'pt',
  CreatedAt: '2026-03-01T17:30:00+09:30',
  Email: 'Alice@example.org',
  IPAddress: '192.0.2.7',
  RayID: '00c0ffeeabc12345',
  TemporaryAccessApprovers: ['bob@example.org'],
  UserUID: 'u-1',
}
const API = {
  action: 'login',
  allowed: true,
  app_domain: 'wiki.example/team',
  app_uid: 'app-1',
  connection: 'onetimepin',
  created_at: '2026-03-01T08:00:00Z',
  ip_address: '192.0.2.7',
  ray_id: '00c0ffeeabc12345',
  user_email: 'alice@example.org',
}

describe('cloudflare', () => {
  it('maps a sign-in of Logpush', () => {
    expect(draftOf('cloudflare', LOGPUSH)).toEqual({
      schema_version: 1,
      decided_at: '2026-03-01T08:00:00.000Z',
      outcome: 'permit',
      reasons: ['policy_permit'],
      subject: { type: 'user', id: 'alice@example.org', idp: 'onetimepin' },
      action: { name: 'sign_in' },
      resource: { type: 'application', id: 'wiki.example/team', app: 'wiki.example' },
      context: { ip: '192.0.2.7' },
      unmapped: {
        event_id: '00c0ffeeabc12345',
        app_uuid: 'app-1',
        country: 'pt',
        temporaryaccessapprovers: ['bob@example.org'],
        useruid: 'u-1',
      },
    })
  })

  it('the API tells of the same event, under the same name', () => {
    const { unmapped: _one, ...fromApi } = draftOf('cloudflare', API)
    const { unmapped: _two, ...fromLogpush } = draftOf('cloudflare', LOGPUSH)
    expect(fromApi).toEqual(fromLogpush)
    const names = [API, LOGPUSH]
      .map((each) => reading('cloudflare', each))
      .map((each) => each.kind === 'ok' && each.event_ids)
    expect(names[0]).toEqual(names[1])
  })

  it.each([[1_772_352_000], [1_772_352_000_000_000_000], ['2026-03-01T08:00:00Z']])(
    'an instant written %s',
    (CreatedAt) => {
      expect(draftOf('cloudflare', { ...LOGPUSH, CreatedAt }).decided_at).toBe('2026-03-01T08:00:00.000Z')
    },
  )

  it('a refusal of nobody in particular', () => {
    expect(draftOf('cloudflare', { ...LOGPUSH, Allowed: false, Email: '', UserUID: '' })).toMatchObject({
      outcome: 'deny',
      reasons: ['policy_deny'],
      subject: { type: 'anonymous' },
    })
  })

  it('a page of the API is all its events', () => {
    const page = { success: true, errors: [], result: [API, { ...API, allowed: false }] }
    expect(reading('cloudflare', page)).toMatchObject({ value: [{ outcome: 'permit' }, { outcome: 'deny' }] })
  })

  it.each([
    ['a sign-out', { ...LOGPUSH, Action: 'logout' }, 'drop no_decision'],
    ['no instant', { ...LOGPUSH, CreatedAt: undefined }, 'dead-letter no_timestamp'],
    ['an instant that is none', { ...LOGPUSH, CreatedAt: 'noon' }, 'dead-letter timestamp_invalid'],
    ['another dataset', { ClientIP: '192.0.2.7', EdgeResponseStatus: 200 }, 'dead-letter record_invalid'],
    ['half a line', '{"Action":', 'dead-letter json_invalid'],
  ])('%s is put aside', (_title, record, why) => {
    expect(whyNot('cloudflare', record)).toBe(why)
  })

  it('an instant without a zone is of the zone that was given', () => {
    const reader = readerOf('cloudflare', { timezone: '+02:00' })
    expect(reader.read(JSON.stringify({ ...API, created_at: '2026-03-01T10:00:00' }))).toMatchObject({
      value: [{ decided_at: '2026-03-01T08:00:00.000Z' }],
    })
  })
})

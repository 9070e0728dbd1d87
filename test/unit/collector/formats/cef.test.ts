import { describe, expect, it } from 'vitest'
import { cefLine } from '../../../../services/collector/formats/cef-line.ts'
import { draftOf, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

const HEAD = 'CEF:0|Example|Gate|1.0|100|Login|3|'
const LINE = `${HEAD}rt=1772352000123 src=192.0.2.7 spt=41000 suser=alice request=https://app.example/records/17?token\\=x requestMethod=GET requestClientApplication=Mozilla/5.0 (X11) act=allowed in=12 out=345 cs1Label=Rule cs1=staff only externalId=9`

describe('the Common Event Format', () => {
  it('takes escapes apart, in the header and in the extension', () => {
    const line = cefLine(
      String.raw`CEF:0|se\|curity|threat\\manager|1.0|100|a=b|10|act=blocked a \= b\\c msg=one\ntwo empty= last=x y`,
    )
    expect(line).toMatchObject({
      vendor: 'se|curity',
      product: String.raw`threat\manager`,
      name: 'a=b',
      severity: '10',
    })
    expect(Object.fromEntries(line?.extension ?? [])).toEqual({
      act: String.raw`blocked a = b\c`,
      msg: 'one\ntwo',
      empty: '',
      last: 'x y',
    })
  })

  it('of equal keys the first counts, and there are at most 512', () => {
    expect(cefLine(`${HEAD}act=blocked suser=x act=allowed`)?.extension.get('act')).toBe('blocked')
    const many = Array.from({ length: 2000 }, (_, nth) => `k${nth}=1`).join(' ')
    expect(cefLine(HEAD + many)?.extension.size).toBe(512)
  })

  it.each([
    ['CEF:0|a|b|c|d|e'],
    ['CEF:x|a|b|c|d|e|f|'],
    [String.raw`CEF:0|a|b|c|d|e\|f|`],
    ['LEEF:1.0|a|b|c|d|'],
  ])('%s is none', (text) => {
    expect(cefLine(text)).toBeNull()
  })
})

describe('cef', () => {
  it('maps an event', () => {
    expect(draftOf('cef', LINE)).toEqual({
      schema_version: 1,
      decided_at: '2026-03-01T08:00:00.123Z',
      outcome: 'permit',
      reasons: ['foreign_permit'],
      subject: { type: 'user', id: 'alice' },
      action: { name: 'GET' },
      resource: { type: 'http', id: '/records/17', app: 'app.example', path_template: '/records/{id}' },
      context: {
        ip: '192.0.2.7',
        port: 41_000,
        user_agent: 'Mozilla/5.0 (X11)',
        http: { host: 'app.example', method: 'GET', path: '/records/17', bytes_in: 12, bytes_out: 345 },
      },
      unmapped: {
        vendor: 'Example',
        product: 'Gate',
        signature: '100',
        name: 'Login',
        severity: '3',
        act: 'allowed',
        Rule: 'staff only',
        externalId: '9',
      },
    })
  })

  it.each([
    ['act=Permit', 'permit', 'foreign_permit'],
    ['act=Accepted', 'permit', 'foreign_permit'],
    ['outcome=/Success', 'permit', 'foreign_permit'],
    ['act=Blocked', 'deny', 'foreign_deny'],
    ['act=dropped', 'deny', 'foreign_deny'],
    ['outcome=failure reason=wrong password', 'deny', 'credentials_rejected'],
    ['outcome=Failed reason=account locked out', 'deny', 'account_locked'],
    ['outcome=failure msg=unknown user x', 'deny', 'account_unknown'],
    ['act=Denied reason=missing permission', 'deny', 'permission_missing'],
    ['act=challenge', 'step_up', 'step_up_required'],
    ['act=logon outcome=success', 'permit', 'foreign_permit'],
    ['act=unauthorized', 'deny', 'foreign_deny'],
    ['act=not allowed', 'deny', 'foreign_deny'],
  ])('%s is %s, %s', (words, outcome, reason) => {
    expect(draftOf('cef', `${HEAD}rt=1772352000123 suser=bob ${words}`)).toMatchObject({
      outcome,
      reasons: [reason],
    })
  })

  it.each([
    ['rt=1772352000123', '2026-03-01T08:00:00.123Z'],
    ['rt=2026-03-01T09:00:00.123+01:00', '2026-03-01T08:00:00.123Z'],
    ['rt=Mar 01 2026 08:00:00.123 UTC', '2026-03-01T08:00:00.123Z'],
    ['rt=Mar 01 2026 09:00:00 GMT+01:00', '2026-03-01T08:00:00.000Z'],
    ['end=Mar 01 2026 10:00:00', '2026-03-01T08:00:00.000Z'],
    ['start=Mar 01 10:00:00', '2026-03-01T08:00:00.000Z'],
    ['rt=Mar 01 08:00:00.123 UTC', '2026-03-01T08:00:00.123Z'],
    ['rt=Mar 01 05:00:00 GMT-03:00', '2026-03-01T08:00:00.000Z'],
    ['rt=Dec 31 23:30:00 UTC', '2025-12-31T23:30:00.000Z'],
    ['rt=Mar  1 2026 10:00:00 XST', '2026-03-01T08:00:00.000Z'],
  ])('%s, read where it is two hours later, is %s', (time, instant) => {
    expect(draftOf('cef', `${HEAD}${time} suser=bob act=allow`, { timezone: '+02:00' }).decided_at).toBe(
      instant,
    )
  })

  it('without an instant of its own an event has that of the syslog head, and says which zone and year it took', () => {
    const reader = readerOf('cef', { timezone: '+02:00' })
    expect(reader.assumedZone?.()).toBe(false)
    expect(reader.read(`<134>Mar  1 10:00:00 gate ${HEAD}suser=bob act=allow`)).toMatchObject({
      value: [{ decided_at: '2026-03-01T08:00:00.000Z' }],
    })
    expect(reader.assumedZone?.()).toBe(true)
    expect(reader.assumedYear?.()).toBe(2026)
    expect(
      draftOf('cef', `<134>1 2026-03-01T08:00:00Z gate gw - - - ${HEAD}suser=bob act=allow`).decided_at,
    ).toBe('2026-03-01T08:00:00.000Z')
  })

  it.each([
    ['an event without a verdict', `${HEAD}rt=1772352000123 suser=root`, 'drop no_decision'],
    ['no instant', `${HEAD}suser=bob act=allow`, 'dead-letter no_timestamp'],
    ['an instant that is none', `${HEAD}rt=soon suser=bob act=allow`, 'dead-letter timestamp_invalid'],
    ['too few fields', 'CEF:0|a|b|c', 'dead-letter line_unreadable'],
    ['another log', 'Mar  1 08:00:00 host sshd[1]: hello', 'dead-letter line_unreadable'],
    ['a blank line', ' ', 'drop blank'],
  ])('%s is put aside', (_title, line, why) => {
    expect(whyNot('cef', line)).toBe(why)
  })

  it('nobody is anonymous, a target is a resource, and a name may be hostile', () => {
    expect(draftOf('cef', `${HEAD}rt=1772352000123 act=allow dhost=db-1 src=192.0.2.7`)).toMatchObject({
      subject: { type: 'anonymous' },
      action: { name: 'Login' },
      resource: { type: 'host', id: 'db-1', app: 'Gate' },
    })
    const name = "'; DROP TABLE decisions; --\u001b[2J"
    expect(draftOf('cef', `${HEAD}rt=1772352000123 act=deny suser=${name}`).subject.id).toBe(name)
  })
})

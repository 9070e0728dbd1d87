import { describe, expect, it } from 'vitest'
import { draftOf, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

const COMBINED =
  '192.0.2.7 - alice [01/Mar/2026:09:00:00 +0100] "GET /records/17?token=x HTTP/1.1" 200 612 "https://www.example/a?b=c" "Mozilla/5.0"'

function withStatus(status: number, user = '-'): string {
  return `192.0.2.7 - ${user} [01/Mar/2026:09:00:00 +0100] "GET / HTTP/1.1" ${status} 0 "-" "-"`
}

describe('nginx, combined', () => {
  it('maps a request', () => {
    expect(draftOf('nginx', COMBINED)).toEqual({
      schema_version: 1,
      decided_at: '2026-03-01T08:00:00.000Z',
      outcome: 'permit',
      reasons: ['foreign_permit'],
      subject: { type: 'user', id: 'alice' },
      action: { name: 'GET' },
      resource: { type: 'http', id: '/records/17', path_template: '/records/{id}' },
      context: {
        ip: '192.0.2.7',
        user_agent: 'Mozilla/5.0',
        http: { method: 'GET', path: '/records/17', status: 200, bytes_out: 612 },
      },
      unmapped: { http_referer: 'https://www.example/a' },
    })
  })

  it('common, and more fields at the end, are read as well', () => {
    for (const line of [
      '192.0.2.7 - - [01/Mar/2026:09:00:00 +0100] "HEAD / HTTP/1.0" 304 -',
      `${COMBINED} "203.0.113.9" rt=0.004`,
    ]) {
      expect(draftOf('nginx', line).outcome).toBe('permit')
    }
  })

  it.each([
    [200, '-', 'permit', 'foreign_permit'],
    [302, '-', 'permit', 'foreign_permit'],
    [404, '-', 'permit', 'foreign_permit'],
    [401, '-', 'deny', 'not_authenticated'],
    [401, 'mallory', 'deny', 'credentials_rejected'],
    [403, 'mallory', 'deny', 'foreign_deny'],
    [444, '-', 'deny', 'foreign_deny'],
    [429, '-', 'error_closed', 'rate_limited'],
  ])('status %i for %s is %s, %s', (status, user, outcome, reason) => {
    expect(draftOf('nginx', withStatus(status, user))).toMatchObject({ outcome, reasons: [reason] })
  })

  it.each([400, 408, 499, 500, 502, 504])('status %i tells of no decision', (status) => {
    expect(whyNot('nginx', withStatus(status))).toBe('drop no_decision')
  })

  it('a user name that looks like the rest of a line is a user name', () => {
    const name = 'x [01/Jan/2026:00:00:00 +0000] GET / HTTP/1.1 200'
    expect(draftOf('nginx', withStatus(401, name))).toMatchObject({
      decided_at: '2026-03-01T08:00:00.000Z',
      outcome: 'deny',
      subject: { id: name },
    })
  })

  it('what nginx escaped is text again, and may be hostile', () => {
    const line = String.raw`192.0.2.7 - - [01/Mar/2026:09:00:00 +0100] "GET /caf\xC3\xA9/\x22 HTTP/1.1" 200 1 "-" "\x1B[31m"`
    expect(draftOf('nginx', line)).toMatchObject({
      resource: { id: '/café/"' },
      context: { user_agent: '\u001b[31m' },
    })
  })

  it.each([
    ['another log', 'Mar  1 08:00:00 host sshd[1]: hello', 'dead-letter line_unreadable'],
    ['30 February', COMBINED.replace('01/Mar', '30/Feb'), 'dead-letter timestamp_invalid'],
    ['a month of nobody', COMBINED.replace('Mar', 'Xyz'), 'dead-letter timestamp_invalid'],
    [
      'a TLS greeting',
      String.raw`192.0.2.7 - - [01/Mar/2026:09:00:00 +0100] "\x16\x03\x01" 400 150 "-" "-"`,
      'drop no_decision',
    ],
    ['a blank line', '  ', 'drop blank'],
  ])('%s is put aside', (_title, line, why) => {
    expect(whyNot('nginx', line)).toBe(why)
  })
})

describe('nginx, JSON', () => {
  const line = {
    time_iso8601: '2026-03-01T09:00:00+01:00',
    msec: '1772352000.123',
    remote_addr: '2001:db8::7',
    remote_port: '41000',
    remote_user: '',
    user: 'alice',
    request_method: 'GET',
    host: 'www.example',
    request_uri: '/records/17?token=x',
    status: '200',
    upstream_status: '200',
    request_length: '120',
    body_bytes_sent: '612',
    http_user_agent: 'Mozilla/5.0',
    request_id: 'r1',
    http_cookie: 'session=1',
  }

  it('maps the documented log format', () => {
    const draft = draftOf('nginx', line)
    expect(draft).toMatchObject({
      decided_at: '2026-03-01T08:00:00.123Z',
      subject: { type: 'user', id: 'alice' },
      resource: { type: 'http', id: '/records/17', app: 'www.example' },
      context: {
        ip: '2001:db8::7',
        port: 41_000,
        http: { host: 'www.example', status: 200, bytes_in: 120, bytes_out: 612 },
      },
      unmapped: { request_id: 'r1', upstream_status: '200' },
    })
  })

  it('a status that the application gave is its answer to somebody who was let in', () => {
    expect(draftOf('nginx', { ...line, status: '500', upstream_status: '502, 500' }).outcome).toBe('permit')
    expect(whyNot('nginx', { ...line, status: '500', upstream_status: '' })).toBe('drop no_decision')
  })

  it('a client certificate that was verified names a service', () => {
    const tls = { user: '', ssl_client_verify: 'SUCCESS', ssl_client_s_dn: 'CN=batch' }
    expect(draftOf('nginx', { ...line, ...tls }).subject).toEqual({ type: 'service', id: 'CN=batch' })
    expect(draftOf('nginx', { ...line, ...tls, ssl_client_verify: 'FAILED' }).subject.type).toBe('anonymous')
  })

  it('an instant without a zone is of the zone that was given', () => {
    const reader = readerOf('nginx', { timezone: '+02:00' })
    const { msec: _msec, ...rest } = line
    expect(reader.read(JSON.stringify({ ...rest, time_iso8601: '2026-03-01T10:00:00' }))).toMatchObject({
      value: [{ decided_at: '2026-03-01T08:00:00.000Z' }],
    })
    expect(reader.assumedZone?.()).toBe(true)
  })

  it('without a status it is no access log', () => {
    expect(whyNot('nginx', { time_iso8601: line.time_iso8601 })).toBe('dead-letter record_invalid')
    expect(whyNot('nginx', { status: '200' })).toBe('dead-letter no_timestamp')
  })
})

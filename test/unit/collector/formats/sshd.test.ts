import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decision } from '../../../../schemas/decision.ts'
import type { Draft, Reading } from '../../../../services/collector/formats/format.ts'
import { sshdReader } from '../../../../services/collector/formats/sshd.ts'

const AT = 'Mar 30 15:54:19 bastion'
const NOW_MS = Date.parse('2026-01-01T00:00:00Z')
const UTC_2017 = { year: 2017, written_ms: 0, now_ms: NOW_MS, timezone: 'UTC' }

function readAll(lines: readonly string[], options = UTC_2017): Reading[] {
  const reader = sshdReader(options)
  return lines.map((line) => reader.read(line))
}

function only(line: string, options = UTC_2017): Draft {
  const [reading] = readAll([line], options)
  if (reading?.kind !== 'ok' || reading.value.length !== 1) throw new Error(`no single decision: ${line}`)
  const [draft] = reading.value
  if (draft === undefined) throw new Error('unreachable')
  return draft
}

function brief(reading: Reading): string {
  return reading.kind === 'ok'
    ? reading.value.map((d) => `${d.outcome}:${d.subject.id}`).join(' ')
    : reading.reason
}

describe('sshd: what is a decision', () => {
  it.each([
    [
      'an accepted key',
      'Accepted publickey for alice from 192.0.2.7 port 54259 ssh2: RSA SHA256:abc',
      'permit',
      'foreign_permit',
      'alice',
      '192.0.2.7',
      54_259,
    ],
    [
      'an accepted password',
      'Accepted password for alice from 192.0.2.7 port 1 ssh2',
      'permit',
      'foreign_permit',
      'alice',
      '192.0.2.7',
      1,
    ],
    [
      'a failed password',
      'Failed password for alice from 198.51.100.9 port 22 ssh2',
      'deny',
      'credentials_rejected',
      'alice',
      '198.51.100.9',
      22,
    ],
    [
      'a failed password of nobody',
      'Failed password for invalid user oracle from 198.51.100.9 port 22 ssh2',
      'deny',
      'account_unknown',
      'oracle',
      '198.51.100.9',
      22,
    ],
    [
      'an unknown name, as OpenSSH before 7.5 says it',
      'Invalid user support from 203.0.113.4',
      'deny',
      'account_unknown',
      'support',
      '203.0.113.4',
      undefined,
    ],
    [
      'an unknown name, with the port',
      'Invalid user support from 203.0.113.4 port 4022',
      'deny',
      'account_unknown',
      'support',
      '203.0.113.4',
      4022,
    ],
    [
      'a name that is not allowed',
      'User mallory from 203.0.113.4 not allowed because not listed in AllowUsers',
      'deny',
      'permission_missing',
      'mallory',
      '203.0.113.4',
      undefined,
    ],
    [
      'root, refused',
      'ROOT LOGIN REFUSED FROM 203.0.113.4 port 22',
      'deny',
      'permission_missing',
      'root',
      '203.0.113.4',
      22,
    ],
    [
      'PAM on FreeBSD',
      'error: PAM: Authentication error for root from 203.0.113.4',
      'deny',
      'credentials_rejected',
      'root',
      '203.0.113.4',
      undefined,
    ],
    [
      'keyboard-interactive',
      'Failed keyboard-interactive/pam for bob from 192.0.2.1 port 5 ssh2',
      'deny',
      'credentials_rejected',
      'bob',
      '192.0.2.1',
      5,
    ],
    [
      'an IPv6 address',
      'Accepted password for alice from 2001:db8::17 port 22 ssh2',
      'permit',
      'foreign_permit',
      'alice',
      '2001:db8::17',
      22,
    ],
    [
      'an IPv4 address in IPv6 dress',
      'Accepted password for alice from ::ffff:192.0.2.7 port 22 ssh2',
      'permit',
      'foreign_permit',
      'alice',
      '192.0.2.7',
      22,
    ],
    [
      'a link-local address with a zone',
      'Accepted password for alice from fe80::1%eth0 port 22 ssh2',
      'permit',
      'foreign_permit',
      'alice',
      'fe80::1',
      22,
    ],
    [
      'a name with spaces',
      'Failed password for invalid user pi raspberry from 192.0.2.7 port 22 ssh2',
      'deny',
      'account_unknown',
      'pi raspberry',
      '192.0.2.7',
      22,
    ],
  ])('%s', (_title, message, outcome, reason, user, ip, port) => {
    expect(only(`${AT} sshd[7]: ${message}`)).toMatchObject({
      decided_at: '2017-03-30T15:54:19.000Z',
      outcome,
      reasons: [reason],
      subject: { type: 'user', id: user },
      action: { name: 'ssh.login' },
      resource: { type: 'host', id: 'bastion', app: 'sshd' },
      context: port === undefined ? { ip } : { ip, port },
    })
  })

  it('a name that imitates the end of the line does not move the address', () => {
    const forged =
      'Failed password for invalid user x from 192.0.2.1 port 9 ssh2: y from 203.0.113.4 port 22 ssh2'
    expect(only(`${AT} sshd[7]: ${forged}`)).toMatchObject({
      subject: { id: 'x from 192.0.2.1 port 9 ssh2: y' },
      context: { ip: '203.0.113.4', port: 22 },
    })
    expect(only(`${AT} sshd[7]: Invalid user root from 192.0.2.1 from 203.0.113.4 port 22`)).toMatchObject({
      subject: { id: 'root from 192.0.2.1' },
      context: { ip: '203.0.113.4' },
    })
  })

  it('an empty name is nobody, keyed by the source', () => {
    expect(
      only(`${AT} sshd[7]: Failed password for invalid user  from 192.0.2.7 port 1 ssh2`).subject,
    ).toEqual({
      type: 'anonymous',
      id: 'anonymous',
      amr: ['password'],
    })
  })

  it('a host name in the place of the address is kept and is no address', () => {
    const draft = only(`${AT} sshd[7]: Accepted password for alice from UNKNOWN port 65535 ssh2`)
    expect(draft.context).toEqual({ port: 65_535 })
    expect(draft.unmapped).toMatchObject({ source_host: 'UNKNOWN', pid: '7' })
  })

  it.each([
    ['a session', 'pam_unix(sshd:session): session opened for user alice by (uid=0)', 'no_decision'],
    [
      'what PAM says about a failure',
      'pam_unix(sshd:auth): authentication failure; logname= uid=0 rhost=192.0.2.7  user=root',
      'no_decision',
    ],
    [
      'PAM adding up',
      'PAM 5 more authentication failures; logname= uid=0 rhost=192.0.2.7  user=root',
      'no_decision',
    ],
    [
      'a client that leaves',
      'Connection closed by authenticating user root 192.0.2.7 port 22 [preauth]',
      'no_decision',
    ],
    ['a disconnect', 'Disconnected from 192.0.2.7 port 22', 'no_decision'],
    [
      'too many attempts',
      'error: maximum authentication attempts exceeded for root from 192.0.2.7 port 22 ssh2 [preauth]',
      'no_decision',
    ],
    [
      'the question which methods there are',
      'Failed none for invalid user x from 192.0.2.7 port 22 ssh2',
      'no_decision',
    ],
    [
      'a half-offered key',
      'Postponed publickey for alice from 192.0.2.7 port 22 ssh2 [preauth]',
      'no_decision',
    ],
    ['sshd in trouble of its own', 'Failed to allocate internet-domain X11 display socket.', 'no_decision'],
    ['an attempt that nobody can read', 'Failed password for root from', 'line_unreadable'],
  ])('%s is none', (_title, message, reason) => {
    expect(readAll([`${AT} sshd[7]: ${message}`]).map(brief)).toEqual([reason])
  })

  it('lines of other programs, blank ones and journald remarks are skipped; text without an instant is not', () => {
    expect(
      readAll([
        `${AT} sudo: alice : TTY=pts/0`,
        '',
        '   ',
        '-- Boot 2f3 --',
        'Accepted password for alice',
      ]).map(brief),
    ).toEqual(['other_program', 'blank', 'blank', 'no_decision', 'no_timestamp'])
  })
})

describe('sshd: one attempt is one decision', () => {
  const line = (pid: number, message: string): string => `${AT} sshd[${pid}]: ${message}`
  const from = 'from 192.0.2.7 port 22 ssh2'

  it.each([
    [
      'an unknown name and its failed password',
      [
        line(1, 'Invalid user x from 192.0.2.7'),
        line(1, 'input_userauth_request: invalid user x [preauth]'),
        line(1, `Failed password for invalid user x ${from}`),
      ],
      ['deny:x', 'no_decision', 'same_attempt'],
    ],
    [
      'the second password of the same connection is a second attempt',
      [
        line(1, 'Invalid user x from 192.0.2.7'),
        line(1, `Failed password for invalid user x ${from}`),
        line(1, `Failed password for invalid user x ${from}`),
      ],
      ['deny:x', 'same_attempt', 'deny:x'],
    ],
    [
      'another connection',
      [line(1, 'Invalid user x from 192.0.2.7'), line(2, `Failed password for invalid user x ${from}`)],
      ['deny:x', 'deny:x'],
    ],
    [
      'a pid that comes again after its connection ended',
      [
        line(1, 'Invalid user x from 192.0.2.7'),
        line(1, 'Connection closed by 192.0.2.7 port 22 [preauth]'),
        line(1, `Failed password for y ${from}`),
      ],
      ['deny:x', 'no_decision', 'deny:y'],
    ],
    [
      'keys offered one after the other, then accepted',
      [
        line(1, `Failed publickey for alice ${from}: RSA SHA256:a`),
        line(1, `Failed publickey for alice ${from}: RSA SHA256:b`),
        line(1, `Accepted password for alice ${from}`),
      ],
      ['deny:alice', 'same_attempt', 'permit:alice'],
    ],
    [
      'PAM and the method it failed in',
      [
        line(1, 'error: PAM: Authentication failure for root from 192.0.2.7'),
        line(1, `Failed keyboard-interactive/pam for root ${from}`),
        line(1, 'error: PAM: Authentication failure for root from 192.0.2.7'),
      ],
      ['deny:root', 'same_attempt', 'deny:root'],
    ],
    [
      'a repeated line is as many attempts as it says',
      [
        line(1, `Failed password for root ${from}`),
        line(1, `message repeated 3 times: [ Failed password for root ${from}]`),
      ],
      ['deny:root', 'deny:root deny:root deny:root'],
    ],
    [
      'a repeated line whose first attempt is known already',
      [
        line(1, 'Invalid user x from 192.0.2.7'),
        line(1, `message repeated 2 times: [ Failed password for invalid user x ${from}]`),
      ],
      ['deny:x', 'deny:x'],
    ],
    [
      'keys, repeated',
      [line(1, `message repeated 4 times: [ Failed publickey for alice ${from}: RSA SHA256:a]`)],
      ['deny:alice'],
    ],
  ])('%s', (_title, lines, expected) => {
    expect(readAll(lines).map(brief)).toEqual(expected)
  })

  it('a line that claims a million repeats is 256 decisions, and says so', () => {
    const [reading] = readAll([
      line(1, `message repeated 1000000 times: [ Failed password for root ${from}]`),
    ])
    expect(reading?.kind === 'ok' ? reading.value.length : 0).toBe(256)
    expect(reading?.kind === 'ok' ? reading.value[0]?.unmapped : {}).toMatchObject({ repeated: 1_000_000 })
  })

  it('remembers ten thousand connections and no more', () => {
    const lines = Array.from({ length: 10_001 }, (_, pid) => line(pid, 'Invalid user x from 192.0.2.7'))
    const readings = readAll([
      ...lines,
      line(0, `Failed password for invalid user x ${from}`),
      line(10_000, `Failed password for invalid user x ${from}`),
    ])
    expect(readings.slice(-2).map(brief)).toEqual(['deny:x', 'same_attempt'])
  })
})

describe('sshd: robustness', () => {
  it('never throws, and what it accepts is a decision, whatever the line', () => {
    const pieces = fc.constantFrom(
      'Mar 30 15:54:19 ',
      'Feb 30 25:61:61 ',
      '2024-03-30T15:54:19.5+01:00 ',
      '<38>1 2024-03-30T15:54:19Z ',
      'host ',
      'sshd[1]: ',
      'sshd-session[1]: ',
      'message repeated 2 times: [ ',
      'Failed password for ',
      'Accepted publickey for ',
      'Invalid user ',
      'invalid user ',
      'x',
      ' ',
      ' from ',
      '192.0.2.7',
      '::1',
      ' port ',
      '22',
      ' ssh2',
      ']',
      '\0',
      '\uFFFD',
    )
    const line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        for (const reading of readAll(lines)) {
          if (reading.kind !== 'ok') continue
          for (const draft of reading.value) {
            const { success } = Decision.safeParse({ ...draft, id: 'x' })
            expect(success || draft.subject.id.length > 256 || draft.resource.id.length > 1024).toBe(true)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})

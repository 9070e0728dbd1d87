import { describe, expect, it } from 'vitest'
import { syslogReader, type SyslogReading } from '../../../../services/collector/formats/syslog.ts'

const NOW_MS = Date.parse('2026-01-01T00:00:00Z')

function instants(lines: readonly string[], year: number, timezone = 'UTC'): string[] {
  const reader = syslogReader({ year, written_ms: 0, now_ms: NOW_MS, timezone })
  return lines.map((line) => instantOf(reader.read(`${line} host sshd[1]: x`)))
}

function instantOf(reading: SyslogReading): string {
  return typeof reading === 'string' ? reading : new Date(reading.at_ms).toISOString()
}

describe('syslog: instants', () => {
  it.each([
    ['RFC 3164', 'Mar  7 13:06:56', '2017-03-07T13:06:56.000Z'],
    ['RFC 3164 with its priority', '<38>Mar  7 13:06:56', '2017-03-07T13:06:56.000Z'],
    ['with a year', 'Mar  7 2015 13:06:56', '2015-03-07T13:06:56.000Z'],
    ['with fractions', 'Mar 27 13:06:56.789123', '2017-03-27T13:06:56.789Z'],
    ['RFC 3339 with an offset', '2024-03-27T13:06:56.123456+01:00', '2024-03-27T12:06:56.123Z'],
    ['journald short-iso', '2024-03-27T13:06:56+0100', '2024-03-27T12:06:56.000Z'],
    ['journald short-iso in UTC', '2024-03-27T13:06:56Z', '2024-03-27T13:06:56.000Z'],
    ['no zone, no T', '2024-03-27 13:06:56,5', '2024-03-27T13:06:56.500Z'],
    ['a leap second', 'Jun 30 23:59:60', '2017-07-01T00:00:00.000Z'],
    ['30 February', 'Feb 30 13:06:56', 'timestamp_invalid'],
    ['29 February of a common year', 'Feb 29 13:06:56', 'timestamp_invalid'],
    ['a month that nobody has', 'Abc 29 13:06:56', 'timestamp_invalid'],
    ['25 o’clock', 'Mar 27 25:06:56', 'timestamp_invalid'],
    ['nothing', '13:06:56', 'no_timestamp'],
  ])('%s', (_title, head, expected) => {
    expect(instants([head], 2017)).toEqual([expected])
  })

  it('December is followed by January of the next year, again and again', () => {
    const lines = [
      'Nov 30 10:00:00',
      'Dec 31 23:59:59',
      'Jan  1 00:00:01',
      'Jul  4 12:00:00',
      'Dec 31 23:59:59',
      'Jan  1 00:00:00',
    ]
    expect(instants(lines, 2022).map((at) => at.slice(0, 10))).toEqual([
      '2022-11-30',
      '2022-12-31',
      '2023-01-01',
      '2023-07-04',
      '2023-12-31',
      '2024-01-01',
    ])
  })

  it('a late line of December after the first of January stays in December, and January goes on', () => {
    const lines = ['Dec 31 23:59:58', 'Jan  1 00:00:00', 'Dec 31 23:59:59', 'Jan  1 00:00:01']
    expect(instants(lines, 2022)).toEqual([
      '2022-12-31T23:59:58.000Z',
      '2023-01-01T00:00:00.000Z',
      '2022-12-31T23:59:59.000Z',
      '2023-01-01T00:00:01.000Z',
    ])
  })

  it('a line that is a little late does not change the year', () => {
    expect(
      instants(['Mar  2 00:00:00', 'Feb 27 00:00:00', 'Mar  3 00:00:00'], 2022).map((at) => at.slice(0, 4)),
    ).toEqual(['2022', '2022', '2022'])
  })

  it('one line that is in the future does not drag the others after it', () => {
    const lines = [
      'Mar 30 10:00:00',
      'Dec 30 10:00:00',
      'Mar 30 10:00:01',
      'Dec 30 10:00:00',
      'Mar 30 10:00:02',
    ]
    const reader = syslogReader({
      year: 2025,
      written_ms: 0,
      now_ms: Date.parse('2025-06-01T00:00:00Z'),
      timezone: 'UTC',
    })
    expect(lines.map((head) => instantOf(reader.read(`${head} host sshd[1]: x`)).slice(0, 10))).toEqual([
      '2025-03-30',
      '2025-12-30',
      '2025-03-30',
      '2025-12-30',
      '2025-03-30',
    ])
  })

  it('29 February right after a new year is of the leap year', () => {
    expect(instants(['Dec 31 12:00:00', 'Jan 15 12:00:00', 'Feb 29 12:00:00'], 2023)[2]).toBe(
      '2024-02-29T12:00:00.000Z',
    )
  })
})

describe('syslog: a year that nobody gave', () => {
  it.each([
    ['the year in which the file was written', '2024-05-01T00:00:00Z', 'Mar 27 13:06:56', '2024', 2024],
    [
      'the year before, when it would be in the future',
      '2024-02-01T00:00:00Z',
      'Mar 27 13:06:56',
      '2023',
      2023,
    ],
    ['a zone ahead is no future', '2024-03-27T12:00:00Z', 'Mar 27 23:06:56', '2024', 2024],
    ['December, written in January', '2025-01-05T00:00:00Z', 'Dec 29 00:00:00', '2024', 2024],
  ])('%s', (_title, written, head, expected, assumed) => {
    const reader = syslogReader({
      year: null,
      written_ms: Date.parse(written),
      now_ms: NOW_MS,
      timezone: 'UTC',
    })
    expect(reader.assumedYear()).toBeNull()
    expect(instantOf(reader.read(`${head} host sshd[1]: x`)).slice(0, 4)).toBe(expected)
    expect(reader.assumedYear()).toBe(assumed)
  })

  it('is none where the instants have one', () => {
    const reader = syslogReader({ year: null, written_ms: 0, now_ms: NOW_MS, timezone: 'UTC' })
    reader.read('2024-03-27T13:06:56Z host sshd[1]: x')
    expect(reader.assumedYear()).toBeNull()
  })
})

describe('syslog: zones', () => {
  it.each([
    ['an offset', 'Jan 10 12:00:00', '+05:30', '2024-01-10T06:30:00.000Z'],
    ['winter', 'Jan 10 12:00:00', 'Europe/Berlin', '2024-01-10T11:00:00.000Z'],
    ['summer', 'Jul 10 12:00:00', 'Europe/Berlin', '2024-07-10T10:00:00.000Z'],
    ['just before clocks go forward', 'Mar 31 01:59:59', 'Europe/Berlin', '2024-03-31T00:59:59.000Z'],
    ['just after clocks go forward', 'Mar 31 03:00:00', 'Europe/Berlin', '2024-03-31T01:00:00.000Z'],
    ['a time that comes twice: the first', 'Oct 27 02:30:00', 'Europe/Berlin', '2024-10-27T00:30:00.000Z'],
    ['after clocks went back', 'Oct 27 03:00:00', 'Europe/Berlin', '2024-10-27T02:00:00.000Z'],
    ['west of Greenwich', 'Nov  3 00:59:59', 'America/New_York', '2024-11-03T04:59:59.000Z'],
    ['a zone of quarters', 'Jan 10 12:00:00', 'Asia/Kathmandu', '2024-01-10T06:15:00.000Z'],
    ['a stated offset wins', '2024-01-10T12:00:00+02:00', 'Asia/Tokyo', '2024-01-10T10:00:00.000Z'],
    ['ISO without one does not', '2024-01-10T12:00:00', 'Asia/Tokyo', '2024-01-10T03:00:00.000Z'],
  ])('%s', (_title, head, zone, expected) => {
    expect(instants([head], 2024, zone)).toEqual([expected])
  })
})

describe('syslog: heads', () => {
  const reader = syslogReader({ year: 2024, written_ms: 0, now_ms: NOW_MS, timezone: 'UTC' })
  it.each([
    ['a program with a pid', 'Mar 27 13:06:56 h1 sshd[12]: hello: you', ['h1', 'sshd', '12', 'hello: you']],
    ['a program without', 'Mar 27 13:06:56 h1 sudo:   alice : x', ['h1', 'sudo', '', '  alice : x']],
    ['busybox', 'Mar 27 13:06:56 h1 auth.info sshd[12]: x', ['h1', 'sshd', '12', 'x']],
    ['since OpenSSH 9.8', 'Mar 27 13:06:56 h1 sshd-session[12]: x', ['h1', 'sshd-session', '12', 'x']],
    ['RFC 5424', '<38>1 2024-03-27T13:06:56Z h1 sshd 12 - - x y', ['h1', 'sshd', '12', 'x y']],
    ['RFC 5424 with data', '<38>1 2024-03-27T13:06:56Z h1 sshd - ID7 [a b="c"] x', ['h1', 'sshd', '', 'x']],
    ['no program at all', 'Mar 27 13:06:56 something went wrong', ['', '', '', 'something went wrong']],
  ])('%s', (_title, line, expected) => {
    const reading = reader.read(line)
    expect(
      typeof reading === 'string' ? reading : [reading.host, reading.program, reading.pid, reading.message],
    ).toEqual(expected)
  })
})

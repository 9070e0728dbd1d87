import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chainHash, GENESIS, personalHash } from '../../../schemas/chain.ts'
import { Decision } from '../../../schemas/decision.ts'
import { accessDecisions, deadLetterOf, type LogTopic } from '../../../schemas/topics.ts'
import { runImport, type ImportRequest, type ImportResult } from '../../../services/collector/run-import.ts'
import { GatewatchError } from '../../../services/runtime/errors.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog, LogRecord } from '../../../services/runtime/log/event-log.ts'
import { signing } from '../../support/events/signing.ts'

const NOW_MS = Date.parse('2024-06-01T00:00:00Z')
const HISTORY: ImportRequest = {
  path: '',
  format: 'sshd',
  tenant: 'import',
  year: 2024,
  timezone: 'UTC',
  live: false,
}

let folder: string
let eventLog: EventLog
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-import-'))
  eventLog = await openEmbeddedLog({ directory: join(folder, 'log'), partitions: 2 })
})
afterEach(async () => {
  await eventLog.close()
  await rm(folder, { recursive: true, force: true })
})

async function importBytes(
  bytes: Buffer | string,
  request: Partial<ImportRequest> = {},
  name = 'auth.log',
): Promise<ImportResult> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return runImport(
    { ...HISTORY, path, ...request },
    {
      eventLog,
      ...(await signing(folder)),
      stdin: Readable.from([]),
      now_ms: NOW_MS,
    },
  )
}

/** A record's members may be views that end with the reading. */
function copyOf({ offset, key, value, headers, appended_ms }: LogRecord): LogRecord {
  return { offset, key, value: value?.slice() ?? null, headers: { ...headers }, appended_ms }
}

async function recordsOf(topic: LogTopic): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for (const { partition } of await eventLog.watermarks(topic)) {
    for await (const some of eventLog.read(topic, { partition })) {
      all.push(...some.map(copyOf))
    }
  }
  return all
}

/** In the order of their chain. */
async function decisionsIn(): Promise<Decision[]> {
  const records = await recordsOf(accessDecisions)
  const decisions = records.map(({ value }) =>
    Decision.parse(JSON.parse(Buffer.from(value ?? []).toString())),
  )
  const place = ({ pep }: Decision): string =>
    `${pep?.id}/${pep?.boot_id}/${String(pep?.seq).padStart(9, '0')}`
  return decisions.sort((a, b) => (place(a) < place(b) ? -1 : 1))
}

function line(second: number, message: string, pid = 7): string {
  const at = new Date(Date.UTC(2024, 2, 30, 12, 0, second)).toISOString().slice(11, 19)
  return `Mar 30 ${at} bastion sshd[${pid}]: ${message}`
}

function failed(second: number, user = 'alice', pid = second): string {
  return line(second, `Failed password for ${user} from 198.51.100.9 port 4022 ssh2`, pid)
}

const ten = Array.from({ length: 10 }, (_, i) => failed(i)).join('\n')

const hundred = Array.from({ length: 100 }, (_, i) => failed(i)).join('\n')

describe('import', () => {
  it('writes decisions in the order of the file, of the tenant and origin that were asked for', async () => {
    const { summary } = await importBytes(
      `${ten}\n${line(11, 'Accepted password for alice from 192.0.2.7 port 9 ssh2')}\n`,
    )
    expect(summary).toMatchObject({ records: 11, decisions: 11, permitted: 1, refused: 10, known: 0 })
    const decisions = await decisionsIn()
    expect(decisions.map((decision) => decision.decided_at.slice(17, 19))).toEqual([
      '00',
      '01',
      '02',
      '03',
      '04',
      '05',
      '06',
      '07',
      '08',
      '09',
      '11',
    ])
    expect(new Set(decisions.map(({ tenant, origin }) => `${tenant} ${origin}`))).toEqual(
      new Set(['import import']),
    )
  })

  it('is live only when asked', async () => {
    await importBytes(ten, { live: true, tenant: 'acme' })
    expect(new Set((await decisionsIn()).map(({ tenant, origin }) => `${tenant} ${origin}`))).toEqual(
      new Set(['acme live']),
    )
  })

  it('numbers and chains: no gap, and every hash can be worked out again', async () => {
    await importBytes(ten)
    let prev = GENESIS
    for (const [seq, decision] of (await decisionsIn()).entries()) {
      const { chain, pep } = decision
      expect(pep).toMatchObject({
        id: expect.stringMatching(/^import:[0-9a-f]{16}$/),
        boot_id: 'b1',
        seq,
        kind: 'sshd',
      })
      expect(chain?.prev).toBe(prev)
      expect(chain?.personal_hash).toBe(personalHash(decision, chain?.salt ?? ''))
      expect(chain?.hash).toBe(chainHash(prev, decision, chain?.personal_hash ?? ''))
      prev = chain?.hash ?? ''
    }
  })

  it('twice changes nothing: not one record is appended', async () => {
    const bytes = `${ten}\nno syslog\n`
    await importBytes(bytes)
    const before = await Promise.all([recordsOf(accessDecisions), recordsOf(deadLetterOf(accessDecisions))])
    const { summary } = await importBytes(bytes)
    expect(summary).toMatchObject({ records: 11, decisions: 0, known: 10, dead_letters: { no_timestamp: 1 } })
    const after = await Promise.all([recordsOf(accessDecisions), recordsOf(deadLetterOf(accessDecisions))])
    expect(after).toEqual(before)
    // Under another name, compressed, or with other line ends it is the same log.
    expect(
      (await importBytes(gzipSync(ten.replaceAll('\n', '\r\n')), {}, 'auth.log.1.gz')).summary,
    ).toMatchObject({ decisions: 0, known: 10 })
  })

  it('a log that has grown adds what is new, and its chain goes on where it ended', async () => {
    await importBytes(ten)
    const { summary } = await importBytes(`${ten}\n${failed(20)}\n${failed(21)}\n`)
    expect(summary).toMatchObject({ decisions: 2, known: 10 })
    const decisions = await decisionsIn()
    const [last, next] = decisions.slice(9, 11)
    expect(next?.pep).toMatchObject({ boot_id: 'b2', seq: 0 })
    expect(next?.chain).toMatchObject({ prev: last?.chain?.hash, prev_boot: { boot_id: 'b1', seq: 9 } })
  })

  it('equal lines are as many attempts, each with its own id', async () => {
    const bytes = `${failed(1, 'alice', 7)}\n`.repeat(3)
    expect((await importBytes(bytes)).summary.decisions).toBe(3)
    expect((await importBytes(bytes)).summary.known).toBe(3)
    expect((await importBytes(bytes.repeat(2))).summary).toMatchObject({ known: 3, decisions: 3 })
  })

  it('another tenant, another year and another zone are other decisions', async () => {
    await importBytes(ten)
    expect((await importBytes(ten, { tenant: 'acme' })).summary.decisions).toBe(10)
    expect((await importBytes(ten, { year: 2023 })).summary.decisions).toBe(10)
    expect((await importBytes(ten, { timezone: '+02:00' })).summary.decisions).toBe(10)
  })

  it('killed between two batches, importing again adds exactly what is missing', async () => {
    const lines = Array.from({ length: 2500 }, (_, i) => failed(i % 3000, `u${i}`))
    let appends = 0
    const failing: EventLog = new Proxy(eventLog, {
      get(target, property, receiver) {
        if (property === 'append') {
          return (records: Parameters<EventLog['append']>[0]) => {
            if (records.some(({ topic }) => topic.name === accessDecisions.name)) appends += 1
            else return target.append(records)
            return appends === 2 ? Promise.reject(new Error('killed')) : target.append(records)
          }
        }
        const value: unknown = Reflect.get(target, property, receiver)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const path = join(folder, 'auth.log')
    await writeFile(path, lines.join('\n'))
    const around = { ...(await signing(folder)), stdin: Readable.from([]), now_ms: NOW_MS }
    await expect(runImport({ ...HISTORY, path }, { ...around, eventLog: failing })).rejects.toThrow('killed')
    const some = (await decisionsIn()).length
    expect(some).toBeGreaterThan(0)
    expect(some).toBeLessThan(2500)
    const { summary } = await runImport({ ...HISTORY, path }, { ...around, eventLog })
    expect(summary).toMatchObject({ known: some, decisions: 2500 - some })
    const ids = (await decisionsIn()).map(({ id }) => id)
    expect(ids).toHaveLength(2500)
    expect(new Set(ids).size).toBe(2500)
  })

  it('puts an export that is newest first in order of time', async () => {
    const event = (second: number): string =>
      JSON.stringify({
        schema_version: 1,
        decided_at: `2024-01-01T00:00:0${second}.000Z`,
        outcome: 'permit',
        subject: { type: 'user', id: 'alice' },
        action: { name: 'GET' },
        resource: { type: 'http', id: '/' },
      })
    const { summary } = await importBytes([5, 4, 3, 2, 1].map(event).join('\n'), { format: 'decisions' })
    expect(summary).toMatchObject({ decisions: 5, out_of_order: 4 })
    expect((await decisionsIn()).map(({ decided_at }) => decided_at.slice(18, 19))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ])
  })

  it('says when a log is not in order of time, and leaves it so', async () => {
    const { summary } = await importBytes([failed(3), failed(1), failed(2)].join('\n'))
    expect(summary.out_of_order).toBe(2)
    expect((await decisionsIn()).map(({ decided_at }) => decided_at.slice(17, 19))).toEqual([
      '03',
      '01',
      '02',
    ])
  })
})

describe('import: bad input', () => {
  const deadLetters = async (): Promise<
    { reason: string | undefined; line: string | undefined; value: string }[]
  > =>
    (await recordsOf(deadLetterOf(accessDecisions))).map(({ headers, value }) => ({
      reason: headers['reason'],
      line: headers['source-line'],
      value: Buffer.from(value ?? []).toString('latin1'),
    }))

  it('an oversized line, a future one, zeros and rubbish are dead letters with their bytes; the rest goes in', async () => {
    const long = `${line(1, 'x')}${'x'.repeat(100_000)}`
    const future = failed(2).replace('Mar', 'Dec')
    const bytes = [failed(0), long, future, `${line(3, 'a')}\0\0b`, 'rubbish', failed(4)].join('\n')
    const { summary } = await importBytes(bytes)
    expect(summary).toMatchObject({
      records: 6,
      decisions: 2,
      dead_letters: { too_long: 1, future_dated: 1, binary: 1, no_timestamp: 1 },
      first_dead_letter: { line: 2, reason: 'too_long' },
    })
    const letters = (await deadLetters()).sort((a, b) => Number(a.line) - Number(b.line))
    expect(letters.map(({ reason, line }) => [reason, line])).toEqual([
      ['too_long', '2'],
      ['future_dated', '3'],
      ['binary', '4'],
      ['no_timestamp', '5'],
    ])
    expect(letters.map(({ value }) => value.length)).toEqual([
      65_536,
      future.length,
      `${line(3, 'a')}\0\0b`.length,
      7,
    ])
  })

  it('every record read is accounted for', async () => {
    const bytes = [
      failed(0),
      '',
      line(1, 'Connection closed by 192.0.2.1 port 2'),
      'rubbish',
      line(2, 'Invalid user x from 192.0.2.1', 99),
      line(3, 'Failed password for invalid user x from 192.0.2.1 port 2 ssh2', 99),
    ].join('\n')
    const { summary } = await importBytes(bytes)
    const sum = (counts: object): number => Object.values(counts).reduce((a: number, b: number) => a + b, 0)
    expect(summary.decisions + sum(summary.skipped) + sum(summary.dead_letters)).toBe(summary.records)
  })

  it('a binary file is refused with the position, and nothing goes in', async () => {
    await expect(importBytes(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]))).rejects.toThrow(
      /byte 4 is 0x00, and 2 of the first 6 bytes are control characters: it is a binary file/,
    )
    await expect(importBytes(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]))).rejects.toBeInstanceOf(
      GatewatchError,
    )
    expect(await recordsOf(accessDecisions)).toEqual([])
  })

  it('a log that turns binary: whole lines before it are in, and the position is named', async () => {
    const { summary, failure } = await importBytes(`${hundred}\n${'\0\x01\x02\n'.repeat(300)}`)
    expect(summary.decisions).toBe(100)
    expect(failure?.message).toMatch(/around byte \d+ \(line 201\) it turns binary/)
  })

  it('a truncated gzip: everything before the cut is in, the line that was cut is not, and importing the whole adds the rest', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => failed(i, `u${(i * 7919) % 3000}`))
    const whole = gzipSync(lines.join('\n'))
    const cut = await importBytes(whole.subarray(0, whole.length >> 1), {}, 'auth.log.gz')
    expect(cut.failure?.message).toMatch(
      new RegExp(`ends early at compressed byte ${whole.length >> 1}, after \\d+ bytes of text`),
    )
    expect(cut.summary.decisions).toBeGreaterThan(500)
    expect(cut.summary.decisions).toBeLessThan(3000)
    const again = await importBytes(whole, {}, 'auth.log.gz')
    expect(again.failure).toBeNull()
    expect(again.summary).toMatchObject({
      known: cut.summary.decisions,
      decisions: 3000 - cut.summary.decisions,
    })
  })

  it('UTF-16 with its mark goes in', async () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(ten, 'utf16le')])
    const { summary, source } = await importBytes(bytes)
    expect([summary.decisions, source.encoding]).toEqual([10, 'utf-16le'])
  })

  it('Latin-1 goes in, and is counted', async () => {
    const { summary } = await importBytes(Buffer.from(failed(1, 'zoë'), 'latin1'))
    expect(summary).toMatchObject({ decisions: 1, latin1: 1 })
    expect((await decisionsIn())[0]?.subject.id).toBe('zoë')
  })

  it('an empty file is no fault', async () => {
    expect((await importBytes('')).summary).toMatchObject({ records: 0, decisions: 0, from: null, to: null })
  })

  it('a file of another format is refused, and nothing goes in', async () => {
    const { failure } = await importBytes('{"not": "sshd"}\n'.repeat(500))
    expect(failure?.message).toMatch(/none of the first 200 records is sshd .*check --format/)
    expect([await recordsOf(accessDecisions), await recordsOf(deadLetterOf(accessDecisions))]).toEqual([
      [],
      [],
    ])
  })

  it('an event that its product named is imported once, however its exports differ', async () => {
    const event = {
      uuid: 'e-1',
      published: '2024-03-30T12:00:00.000Z',
      eventType: 'user.session.start',
      outcome: { result: 'SUCCESS' },
      actor: { type: 'User', alternateId: 'alice' },
    }
    const { actor, ...rest } = { ...event, severity: 'INFO' }
    const again = JSON.stringify({ actor, ...rest })
    const refused = JSON.stringify({
      ...event,
      outcome: { result: 'FAILURE', reason: 'INVALID_CREDENTIALS' },
    })
    const page = `${JSON.stringify(event)}\n${again}\n${refused}\n`
    const first = await importBytes(page, { format: 'okta' }, 'okta.json')
    expect(first.summary).toMatchObject({ records: 3, decisions: 2, known: 1, permitted: 1, refused: 1 })
    const later = await importBytes(`[${again}, ${refused}]`, { format: 'okta' }, 'later.json')
    expect(later.summary).toMatchObject({ decisions: 0, known: 2 })
  })

  it('a page of an API is cut into its records, on one line or on many', async () => {
    const items = ['login_success', 'login_failure'].map((name, nth) => ({
      kind: 'admin#reports#activity',
      id: { time: `2024-03-30T12:00:0${nth}.000Z`, uniqueQualifier: String(nth), applicationName: 'login' },
      actor: { email: 'alice@example.org' },
      events: [{ name }],
    }))
    const page = { kind: 'admin#reports#activities', etag: '"a/\\"b"', items: [...items, 'no activity'] }
    const one = await importBytes(JSON.stringify(page), { format: 'google' }, 'page.json')
    expect(one.summary).toMatchObject({ records: 2, decisions: 2, dead_letters: {} })
    const many = await importBytes(JSON.stringify(page, null, 2), { format: 'google' }, 'pretty.json')
    expect(many.summary).toMatchObject({ records: 2, decisions: 0, known: 2 })
  })
})

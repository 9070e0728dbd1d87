import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Framing } from '../../../../services/collector/formats/format.ts'
import { openSource } from '../../../../services/collector/source/open.ts'
import { MAX_LINE_BYTES, type SourceRecord } from '../../../../services/collector/source/record.ts'
import { GatewatchError } from '../../../../services/runtime/errors.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-source-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Everything that can be read of a source, and what ended it. */
async function readAll(
  bytes: Buffer,
  framing: Framing = 'lines',
): Promise<{ records: SourceRecord[]; error: unknown }> {
  const path = join(folder, 'some.log')
  await writeFile(path, bytes)
  const records: SourceRecord[] = []
  try {
    const source = await openSource(path, framing, Readable.from([]))
    for await (const some of source.records) records.push(...some)
    return { records, error: null }
  } catch (error) {
    return { records, error }
  }
}

async function texts(bytes: Buffer, framing: Framing = 'lines'): Promise<string[]> {
  const { records, error } = await readAll(bytes, framing)
  expect(error).toBeNull()
  return records.map((record) => record.text)
}

const LINES = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'é'.repeat(i % 40)}`)
const TEXT = Buffer.from(`${LINES.join('\n')}\n`)

describe('a source of lines', () => {
  it.each([
    ['as it is', TEXT],
    ['with CR LF', Buffer.from(LINES.join('\r\n'))],
    ['without an end of the last line', TEXT.subarray(0, -1)],
    ['gzipped', gzipSync(TEXT)],
    ['gzipped in members', Buffer.concat([gzipSync(TEXT.subarray(0, 700)), gzipSync(TEXT.subarray(700))])],
    ['with a UTF-8 mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), TEXT])],
    ['in UTF-16LE', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(TEXT.toString(), 'utf16le')])],
    [
      'in UTF-16BE',
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(TEXT.toString(), 'utf16le').swap16()]),
    ],
  ])('%s gives every line', async (_title, bytes) => {
    expect(await texts(bytes)).toEqual(LINES)
  })

  it('names line and byte', async () => {
    const { records } = await readAll(Buffer.from('one\ntwö\n\nfour'))
    expect(records.map((record) => [record.text, record.line, record.byte])).toEqual([
      ['one', 1, 0],
      ['twö', 2, 4],
      ['', 3, 9],
      ['four', 4, 10],
    ])
  })

  it('reads standard input, in whatever pieces it comes', async () => {
    const pieces = Array.from({ length: Math.ceil(TEXT.length / 7) }, (_, i) =>
      TEXT.subarray(7 * i, 7 * i + 7),
    )
    const source = await openSource('-', 'lines', Readable.from(pieces))
    const read: string[] = []
    for await (const some of source.records) read.push(...some.map((record) => record.text))
    expect(read).toEqual(LINES)
    expect(source).toMatchObject({ name: 'stdin', total_bytes: null, modified_ms: null })
  })

  it('a line that is not UTF-8 is read as Latin-1, and only that one', async () => {
    const bytes = Buffer.concat([Buffer.from('Zoë\n'), Buffer.from('Zoë\n', 'latin1'), Buffer.from('end')])
    const { records } = await readAll(bytes)
    expect(records.map((record) => [record.text, record.latin1])).toEqual([
      ['Zoë', false],
      ['Zoë', true],
      ['end', false],
    ])
  })

  it('an oversized line is set apart with its size and its beginning, and the rest is read', async () => {
    const { records, error } = await readAll(Buffer.from(`one\n${'x'.repeat(3_000_000)}\nthree\n`))
    expect(error).toBeNull()
    expect(records.map((record) => [record.text, record.problem, record.bytes, record.raw.length])).toEqual([
      ['one', null, 3, 3],
      ['', 'too_long', 3_000_000, MAX_LINE_BYTES],
      ['three', null, 5, 5],
    ])
  })

  it('the longest allowed line is read, one byte more is not', async () => {
    const { records } = await readAll(
      Buffer.from(`${'x'.repeat(MAX_LINE_BYTES)}\n${'y'.repeat(MAX_LINE_BYTES + 1)}`),
    )
    expect(records.map((record) => record.problem)).toEqual([null, 'too_long'])
  })

  it('zeros that a crash left in a log cost their line alone', async () => {
    const bytes = Buffer.from(`${'good line\n'.repeat(100)}bad\0\0\0line\ngood line\n`)
    const { records, error } = await readAll(bytes)
    expect(error).toBeNull()
    expect(records.filter((record) => record.problem === 'binary').map((record) => record.line)).toEqual([
      101,
    ])
    expect(records).toHaveLength(102)
  })

  it.each([10, 1000, 5000])(
    'a gzip cut at byte %i: everything before the cut, then the position',
    async (cut) => {
      const { records, error } = await readAll(gzipSync(TEXT).subarray(0, cut))
      expect(error).toBeInstanceOf(GatewatchError)
      expect(String(error)).toContain(`ends early at compressed byte ${cut}, after `)
      const whole = records.filter((record) => record.problem === null).map((record) => record.text)
      expect(whole).toEqual(LINES.slice(0, whole.length))
      expect(records.filter((record) => record.problem === 'cut_off').length).toBeLessThanOrEqual(1)
      expect(whole.length).toBeGreaterThanOrEqual(cut === 5000 ? 500 : 0)
    },
  )

  it('a gzip that is damaged in the middle: what came before, then the position', async () => {
    const bytes = gzipSync(TEXT)
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 64)
    const { records, error } = await readAll(bytes)
    expect(String(error)).toMatch(/damaged .* at compressed byte \d+, after \d+ bytes of text/)
    expect(records.length).toBeGreaterThan(100)
  })

  it.each([
    [
      'a binary file',
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]),
      /byte 4 is 0x02, and 6 of the first 10 bytes are control characters: it is a binary file/,
    ],
    [
      'control characters',
      Buffer.from('\x01\x02\x03\x04abc\x05'),
      /byte 0 is 0x01, and 5 of the first 8 bytes are control characters/,
    ],
    [
      'a binary file in gzip',
      gzipSync(Buffer.alloc(100)),
      /byte 0 is 0x00, and 100 of the first 100 bytes are control characters: it is a binary file/,
    ],
    [
      'UTF-16 without a mark',
      Buffer.from('Mar 27 13:06:56 host sshd[1]: x', 'utf16le'),
      /looks like UTF-16 without a byte order mark; convert it: iconv/,
    ],
    ['zstd', Buffer.from('28b52ffd00112233', 'hex'), /compressed with zstd, .*zstd -dc/],
    ['xz', Buffer.from('fd377a585a000000', 'hex'), /compressed with xz/],
    ['zip', Buffer.from('504b030414000000', 'hex'), /compressed with zip/],
  ])('%s is refused before anything is read', async (_title, bytes, message) => {
    const { records, error } = await readAll(bytes)
    expect(records).toEqual([])
    expect(error).toMatchObject({ code: 'ERR_IMPORT_INPUT' })
    expect(String(error)).toMatch(message)
  })

  it('an empty file is no fault', async () => {
    expect(await texts(Buffer.alloc(0))).toEqual([])
  })

  it('a missing file and a folder are named', async () => {
    await expect(openSource(join(folder, 'none'), 'lines', Readable.from([]))).rejects.toThrow(
      /there is no file .*none/,
    )
    await expect(openSource(folder, 'lines', Readable.from([]))).rejects.toThrow(/is a folder/)
  })
})

describe('a source of JSON values', () => {
  const values = Array.from({ length: 300 }, (_, i) => ({
    id: i,
    text: `{"[}\\" ${i}`,
    nested: { list: [{ i }], value: [1] },
  }))
  const parsed = async (bytes: Buffer): Promise<unknown[]> =>
    (await texts(bytes, 'json')).filter((text) => text !== '').map((text) => JSON.parse(text) as unknown)

  it.each([
    ['one a line', values.map((value) => JSON.stringify(value)).join('\n')],
    ['an array on one line', JSON.stringify(values)],
    ['an array on many lines', JSON.stringify(values, null, 2)],
    [
      'values on many lines, one after the other',
      values.map((value) => JSON.stringify(value, null, 2)).join('\n'),
    ],
    ['CloudTrail’s wrapper', JSON.stringify({ Records: values })],
    [
      'Graph’s wrapper',
      JSON.stringify({ '@odata.context': 'x', value: values, '@odata.nextLink': '{"y":[]}' }, null, 1),
    ],
    [
      'wrappers one after the other',
      `${JSON.stringify({ Records: values.slice(0, 9) })}\n${JSON.stringify({ Records: values.slice(9) })}\n`,
    ],
  ])('%s', async (_title, text) => {
    expect(await parsed(Buffer.from(text))).toEqual(values)
    expect(await parsed(gzipSync(text))).toEqual(values)
  })

  it('a malformed line costs that line alone', async () => {
    const lines = ['{"a": 1', JSON.stringify(values[0]), '{"b": "x', JSON.stringify(values[1])]
    expect(await texts(Buffer.from(lines.join('\n')), 'json')).toEqual(lines)
  })

  it('a line end inside a string breaks the value that it is in, and the next is found', async () => {
    const { records, error } = await readAll(Buffer.from('[\n{"a": "x\n"},\n{"b": 2}\n]'), 'json')
    expect(error).toBeNull()
    expect(records.map((record) => record.text)).toContain('{"b": 2}')
  })

  it('a document that ends early: what is whole, and the rest as cut off', async () => {
    const { records } = await readAll(Buffer.from('{"Records": [{"a": 1}, {"b": 2}, {"c"'), 'json')
    expect(records.map((record) => [record.text, record.problem])).toEqual([
      ['{"a": 1}', null],
      ['{"b": 2}', null],
      ['{"c"', 'cut_off'],
    ])
  })

  it('an oversized value in a document is set apart, and the rest is read', async () => {
    const text = JSON.stringify([{ a: 1 }, { a: 'x'.repeat(1_500_000) }, { a: 3 }])
    const { records } = await readAll(Buffer.from(text), 'json')
    expect(records.map((record) => record.problem)).toEqual([null, 'too_long', null])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decision } from '../../../../schemas/decision.ts'
import { FORMATS, type FormatName } from '../../../../services/collector/formats/format.ts'
import { readerOf } from '../../../support/collector/format-reading.ts'
import { FORMAT_SAMPLES, sampleFile } from '../../../support/collector/format-samples.ts'

const NAMES = Object.keys(FORMAT_SAMPLES) as (keyof typeof FORMAT_SAMPLES)[]

/** What nobody would write, and somebody will. */
const HOSTILE = [
  '',
  ' ',
  '-',
  '__proto__',
  'constructor',
  '\u0000',
  '\u001b[2Jgone',
  '\ud800',
  'x'.repeat(5000),
  '\\'.repeat(300),
  '"|=,;\\x22\\n',
  '999999999999999999999',
  '0000-00-00T00:00:00Z',
  "'; DROP TABLE decisions; --",
  '<img src=x onerror=alert(1)>',
]
const value = fc.oneof(
  fc.constantFrom<unknown>(...HOSTILE),
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 40 }),
)

/** A sample with some members, at any depth, replaced, taken away or added. */
function mangled(sample: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(sample)) {
    return fc.tuple(...sample.map((each) => weighted(each))).map((list) => [...list])
  }
  if (typeof sample !== 'object' || sample === null) return fc.constant(sample)
  const members = Object.entries(sample)
  return fc
    .tuple(
      fc.dictionary(fc.constantFrom(...HOSTILE, 'more'), value, { maxKeys: 2 }),
      ...members.map(([, each]) => weighted(each)),
    )
    .map(([added, ...rest]) => ({
      ...added,
      ...Object.fromEntries(members.map(([key], nth) => [key, rest[nth]])),
    }))
}

function weighted(each: unknown): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: mangled(each), weight: 9 }, { arbitrary: value, weight: 1 })
}

/** A line with a piece of it replaced. */
function cutUp(line: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(line.length), fc.nat(12), fc.oneof(fc.string(), fc.constantFrom(...HOSTILE)))
    .map(([at, length, piece]) => line.slice(0, at) + piece + line.slice(at + length))
}

function anyRecord(name: keyof typeof FORMAT_SAMPLES): fc.Arbitrary<string> {
  const { records } = FORMAT_SAMPLES[name]
  return fc.oneof(
    fc.string(),
    ...records.map((record) =>
      typeof record === 'string'
        ? cutUp(record)
        : fc.oneof(
            mangled(record).map((each) => JSON.stringify(each) ?? ''),
            cutUp(JSON.stringify(record)),
          ),
    ),
  )
}

describe.each(NAMES)('%s', (name) => {
  it('never throws, and what it accepts is a decision within bounds, whatever a record holds', () => {
    const reader = readerOf(name)
    fc.assert(
      fc.property(anyRecord(name), (text) => {
        expect(typeof reader.contentOf(text)).toBe('string')
        const read = reader.read(text)
        expect(read.kind === 'dead-letter' ? read.detail.length : 0).toBeLessThanOrEqual(300)
        if (read.kind !== 'ok') return
        for (const draft of read.value) {
          expect(Decision.safeParse({ ...draft, id: 'x' }).error).toBeUndefined()
          expect(JSON.stringify(draft.unmapped ?? {}).length).toBeLessThanOrEqual(8192)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('gives the decisions of its sample, skips what is none, and refuses what is broken', () => {
    const sample = FORMAT_SAMPLES[name]
    const reader = readerOf(name)
    const read = sampleFile(sample)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => reader.read(line))
    const drafts = read.flatMap((each) => (each.kind === 'ok' ? each.value : []))
    expect(drafts.map(({ outcome, subject }) => [outcome, subject.id])).toEqual(sample.decisions)
    expect(drafts.map(({ decided_at }) => decided_at).toSorted()).toEqual(
      drafts.map(({ decided_at }) => decided_at),
    )
    expect(read.filter(({ kind }) => kind === 'drop')).toHaveLength(sample.skipped)
    expect(read.filter(({ kind }) => kind === 'dead-letter')).toHaveLength(sample.dead_letters)
  })

  it('keeps no credential of a record', () => {
    for (const record of FORMAT_SAMPLES[name].records) {
      if (typeof record === 'string') continue
      const secret = { authorization: 'Bearer S3CRET', headers: { Cookie: 'S3CRET' }, 'id-token': 'S3CRET' }
      expect(JSON.stringify(readerOf(name).read(JSON.stringify({ ...record, ...secret })))).not.toContain(
        'S3CRET',
      )
    }
  })

  it('nests without end is put aside, not followed', () => {
    const deep = `{"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
    expect(readerOf(name).read(deep).kind).toBe('dead-letter')
  })
})

it('every format that the command line offers opens', () => {
  for (const format of FORMATS satisfies readonly FormatName[])
    expect(readerOf(format).read('').kind).toBe('drop')
})

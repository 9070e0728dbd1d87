import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  beginBlock,
  endBlock,
  findRecord,
  readBlock,
  recordBytes,
  writeRecord,
  type BlockRecord,
  type StoredRecord,
} from '../../../../../services/runtime/log/embedded/block.ts'

/** Text that UTF-8 has: a lone surrogate is replaced when it is encoded, by this and by every other encoder. */
const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => value.toWellFormed())
const headerName = fc.oneof(
  fc.constantFrom('ce_id', 'ce_type', 'ce_specversion', 'ce_source', 'content-type', 'traceparent'),
  fc.stringMatching(/^[a-z][a-z-]{0,20}$/),
)
const headerValue = fc.oneof(fc.constantFrom('1.0', 'gatewatch', 'application/json'), text)
const record: fc.Arbitrary<BlockRecord> = fc.record({
  key: text,
  value: fc.oneof(fc.constant(null), text, fc.uint8Array({ maxLength: 200 })),
  headers: fc.dictionary(headerName, headerValue, { noNullPrototype: true }),
})

it('gives back every record as it was written, and finds each by its offset', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(), (records, base) => {
      const block = encode(records)
      const read: StoredRecord[] = []
      readBlock(block, base, 0, read)
      expect(read.map(plain)).toEqual(
        records.map(({ key, value, headers }, i) => ({
          key,
          value: value === null ? null : Buffer.from(value).toString('hex'),
          headers: headers ?? {},
          offset: base + i,
          appended_ms: 1_700_000_000_000,
        })),
      )
      for (const [i, one] of read.entries()) {
        const found = findRecord(block, base, i)
        expect(found && plain(found)).toEqual(plain(one))
      }
      expect(findRecord(block, base, records.length)).toBeUndefined()
    }),
  )
})

it('takes no more room than it asks for', () => {
  fc.assert(
    fc.property(record, (one) => {
      const into = Buffer.alloc(10_000)
      expect(writeRecord(into, 0, 0, 0, one)).toBeLessThanOrEqual(recordBytes(one))
    }),
  )
})

it('keeps the CloudEvents attributes that are always the same in one byte each', () => {
  const bare = encode([{ key: 'k', value: '' }]).length
  const headers = { ce_specversion: '1.0', ce_source: 'gatewatch', 'content-type': 'application/json' }
  expect(encode([{ key: 'k', value: '', headers }]).length - bare).toBe(3)
})

it('refuses a block of a version that it does not know', () => {
  const block = encode([{ key: 'k', value: 'v' }])
  block[0] = 9
  expect(() => readBlock(block, 0, 0, [])).toThrow(/unknown version 9/)
})

function encode(records: readonly BlockRecord[]): Buffer {
  const into = Buffer.alloc(100_000)
  let at = beginBlock(into, 1_700_000_000_000)
  for (const [i, one] of records.entries()) at = writeRecord(into, at, i, 0, one)
  endBlock(into, records.length)
  return Buffer.from(into.subarray(0, at))
}

function plain({ key, value, headers, offset, appended_ms }: StoredRecord) {
  return {
    key,
    value: value === null ? null : Buffer.from(value).toString('hex'),
    headers,
    offset,
    appended_ms,
  }
}

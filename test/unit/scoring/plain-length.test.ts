import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainLength } from '../../../services/scoring/plain-length.ts'

const NUMBERS = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 999, 1000, 1001, 1e21, 1.5e300, 2 ** 53 + 2, 0.01, 0.001),
)
const VALUES = fc.jsonValue({ maxDepth: 3 })

describe('the length of plain JSON', () => {
  it.each<[unknown, number]>([
    [{ a: [1, 'b'] }, 13],
    [{}, 2],
    [[], 2],
    [{ at: null, on: true, off: false, n: -1.5 }, 42],
    [[0, 9, 10, 99, 100, 999, 1001, 0.25], 29],
  ])('of %j is %d', (value, length) => {
    expect(plainLength(value)).toBe(length)
    expect(JSON.stringify(value)).toHaveLength(length)
  })

  it('is never more than the text takes that JSON.stringify writes', () => {
    fc.assert(
      fc.property(VALUES, (value) => {
        const length = plainLength(value)
        expect(Number.isNaN(length) || length <= Buffer.byteLength(JSON.stringify(value))).toBe(true)
      }),
    )
  })

  it('of a number is what JSON.stringify writes, or unknown', () => {
    fc.assert(
      fc.property(NUMBERS, (value) => {
        const length = plainLength(value)
        expect(Number.isNaN(length) || length === JSON.stringify(value).length).toBe(true)
      }),
    )
  })

  it.each([
    '{"a":1,"a":1}',
    '{"a": 1}',
    '{"a":1e3}',
    '{"a":1E3,  "a":2}',
    '{"a":"\\u0041"}',
    '{"a":"\\n"}',
    '{"a":"é"}',
    '{"a":1.0}',
    '{"a":1.5e300 }',
    '{"a":9007199254740993}',
    '{"a":-0}',
    '{"a":0.0001}',
    '{"a":1e-4 }',
  ])('is not the length of %s, which is no plain text', (text) => {
    expect(plainLength(JSON.parse(text))).not.toBe(Buffer.byteLength(text))
  })
})

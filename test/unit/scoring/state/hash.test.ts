import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { begin, combine, hash32, hash64 } from '../../../../services/scoring/state/hash.ts'

it('two hashes in one pass are those of two passes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer(), (text, seed) => {
      expect(hash64(text, seed)).toEqual({ low: hash32(text), high: hash32(text, seed) })
    }),
  )
})

describe('hashes', () => {
  it('is the same in one piece or in two', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => hash32(b, begin(a)) === hash32(a + b)))
  })

  it('are never 0, and order counts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(hash32(a)).toBeGreaterThan(0)
        fc.pre(hash32(a) !== hash32(b))
        expect(combine(hash32(a), hash32(b))).not.toBe(combine(hash32(b), hash32(a)))
      }),
    )
    expect(combine(0, 5)).toBe(0)
  })
})

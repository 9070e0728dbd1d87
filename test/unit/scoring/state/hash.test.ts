import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hash32, hash64 } from '../../../../services/scoring/state/hash.ts'

test('two hashes in one pass are those of two passes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer(), (text, seed) => {
      expect(hash64(text, seed)).toEqual({ low: hash32(text), high: hash32(text, seed) })
    }),
  )
})

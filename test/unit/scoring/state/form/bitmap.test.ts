import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../../../services/scoring/state/form/bitmap.ts'
import { hash32 } from '../../../../../services/scoring/state/hash.ts'
import { Moments } from '../../../../../services/scoring/state/form/moments.ts'
import { allocate } from '../../../../../services/scoring/state/form/words.ts'

describe('counting in bits', () => {
  it('is within a fifth of the truth up to as many values as there are bits, however often each comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), fc.integer({ min: 0, max: 1e6 }), (different, seed) => {
        const counted = new Bitmap(allocate(10), 0, 256)
        for (let index = 0; index < different * 3; index++)
          counted.add(hash32(`${seed}-${index % different}`))
        expect(Math.abs(counted.estimate() - different)).toBeLessThan(8 + different / 5)
      }),
    )
  })

  it('full, it says no more than its bound; cleared, nothing', () => {
    const counted = new Bitmap(allocate(4), 0, 32)
    for (let value = 0; value < 32; value++) counted.add(value)
    expect(counted.estimate(5)).toBeCloseTo(32 * (Math.log(32) + 1))
    counted.clear()
    expect([counted.estimate(), counted.has(7)]).toEqual([0, false])
  })
})

describe('running moments', () => {
  it('are mean and variance of all values while no more have come than weigh, in single precision', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 50 }),
        (values) => {
          const running = new Moments(allocate(6), 0)
          for (const value of values) running.add(value, 100)
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length
          const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
          // Seven digits are kept, of values as large as these.
          expect(Math.abs(running.mean - mean) / 1000).toBeLessThan(1e-5)
          expect(Math.abs(running.variance - variance) / 1_000_000).toBeLessThan(1e-5)
        },
      ),
    )
  })

  it('follow what changed, beyond that', () => {
    const running = new Moments(allocate(6), 0)
    for (let index = 0; index < 100; index++) running.add(10, 20)
    for (let index = 0; index < 100; index++) running.add(50, 20)
    expect(running.mean).toBeGreaterThan(49)
    expect([running.n, running.above(60, 5)]).toEqual([20, expect.closeTo(2, 0)])
  })
})

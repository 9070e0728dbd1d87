import { describe, expect, it } from 'vitest'
import { seededNumbers } from '../../../../services/runtime/seeded-numbers.ts'
import { uniformity } from '../../../../services/scoring/calibration/uniformity.ts'

describe('uniformity', () => {
  it('gives the documented figure', () => {
    expect(uniformity([0.1, 0.3, 0.5, 0.7, 0.9]).statistic).toBeCloseTo(0.1, 9)
    expect(uniformity([])).toEqual({ statistic: 0, p: 1 })
  })

  it('tells uniform values from others', () => {
    const random = seededNumbers(8)
    const even = Array.from({ length: 2000 }, () => random())
    expect(uniformity(even).p).toBeGreaterThan(0.01)
    expect(uniformity(even.map((value) => value ** 1.3)).p).toBeLessThan(0.001)
  })
})

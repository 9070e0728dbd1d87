import { describe, expect, it } from 'vitest'
import { seededNumbers } from '../../../../services/runtime/seeded-numbers.ts'
import { cauchy } from '../../../../services/scoring/calibration/cauchy.ts'
import { uniformity } from '../../../../services/scoring/calibration/uniformity.ts'

describe('the Cauchy rule', () => {
  it('gives the documented figure, and one value back as it is', () => {
    expect(cauchy([0.01, 0.5])).toBeCloseTo(0.02, 3)
    expect(cauchy([0.03])).toBeCloseTo(0.03, 9)
    expect(cauchy([])).toBe(1)
  })

  it('a detector that finds nothing strange does not hide one that does', () => {
    expect(cauchy([1e-6, 1, 1, 1])).toBeLessThan(1e-5)
  })

  it('holds in the tail although values depend on each other', () => {
    const random = seededNumbers(7)
    let small = 0
    for (let index = 0; index < 20_000; index++) {
      const [shared, own] = [random(), random()]
      if (cauchy([shared, shared, own]) <= 0.01) small += 1
    }
    expect(small / 20_000).toBeLessThan(0.014)
  })
})

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

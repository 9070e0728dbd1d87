import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededNumbers } from '../../../../services/runtime/seeded-numbers.ts'
import { ScoreTable } from '../../../../services/scoring/calibration/score-table.ts'
import { tailScore, tailShare, type Tail } from '../../../../services/scoring/calibration/tail-fit.ts'

/** Exponentially distributed scores: -ln P(S >= s) = s. */
function exponentials(count: number, seed: number): number[] {
  const random = seededNumbers(seed)
  return Array.from({ length: count }, () => -Math.log(1 - random()))
}

function tableOf(scores: readonly number[]): ScoreTable {
  const table = new ScoreTable()
  for (const score of scores) table.add(score, 1)
  return table
}

describe('a table of scores', () => {
  it('gives conformal p-values: of new scores like the old ones, no more than a share p has p or less', () => {
    const table = tableOf(exponentials(20_000, 1))
    const fresh = exponentials(20_000, 2)
    for (const p of [0.5, 0.1, 0.01, 0.001]) {
      const share = fresh.filter((score) => table.rarityOf(score).p <= p).length / fresh.length
      expect(share).toBeLessThan(p + 3 * Math.sqrt(p / fresh.length))
      expect(share).toBeGreaterThan(p * 0.8 - 3 * Math.sqrt(p / fresh.length))
    }
  })

  it('is rarer the higher the score, and never more than certain', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 2000, noNaN: true }),
        fc.double({ min: 0, max: 2000, noNaN: true }),
        (scores, one, other) => {
          const table = tableOf(scores)
          const [less, more] = [Math.min(one, other), Math.max(one, other)]
          const [first, second] = [table.rarityOf(less).p, table.rarityOf(more).p]
          expect(second).toBeLessThanOrEqual(first + 1e-12)
          expect(first).toBeLessThanOrEqual(1)
          expect(second).toBeGreaterThan(0)
        },
      ),
    )
  })

  it('beyond what was seen a fitted tail speaks, near the truth, and says so', () => {
    const table = tableOf(exponentials(50_000, 3))
    const far = table.rarityOf(14)
    expect(far.extrapolated).toBe(true)
    expect(-Math.log(far.p)).toBeGreaterThan(11)
    expect(-Math.log(far.p)).toBeLessThan(18)
    expect(table.rarityOf(3).extrapolated).toBe(false)
  })

  it('the score at a rarity is as rare as that, by count and by tail', () => {
    const table = tableOf(exponentials(50_000, 4))
    for (const p of [0.3, 0.01, 0.001, 1e-6])
      expect(table.rarityOf(table.scoreAt(p) * 1.0001).p).toBeLessThan(p * 1.3)
    expect(table.scoreAt(1e-6)).toBeGreaterThan(table.scoreAt(1e-3))
  })

  it('a detector that nearly never scores has no tail, and one score is as rare as it is', () => {
    const table = tableOf([...Array.from({ length: 9_999 }, () => 0), 7])
    expect(table.rarityOf(7)).toEqual({ p: 2 / 10_001, extrapolated: false })
    expect(table.rarityOf(8)).toEqual({ p: 1 / 10_001, extrapolated: false })
    expect(table.rarityOf(0).p).toBe(1)
  })

  it('forgets by fading, and is the same after being stored', () => {
    const table = tableOf(exponentials(1000, 5))
    const again = ScoreTable.restore(table.stored())
    expect(again.rarityOf(2)).toEqual(table.rarityOf(2))
    const before = table.total
    table.fade(0.5)
    expect(table.total).toBeCloseTo(before / 2)
    for (let index = 0; index < 5000; index++) table.add(9, 1)
    expect(table.rarityOf(8).p).toBeGreaterThan(0.8)
  })

  it('the documented figure of a tail, and its inverse', () => {
    const tail: Tail = { from: 1, share: 0.02, scale: 1, shape: 0 }
    expect(tailShare(tail, 3)).toBeCloseTo(0.0027, 4)
    fc.assert(
      fc.property(
        fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        fc.double({ min: 1e-6, max: 0.02, noNaN: true }),
        (shape, wanted) => {
          const fitted = { ...tail, shape }
          expect(tailShare(fitted, tailScore(fitted, wanted)) / wanted).toBeCloseTo(1, 6)
        },
      ),
    )
  })
})

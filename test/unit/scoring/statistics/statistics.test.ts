import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backedOffShare } from '../../../../services/scoring/statistics/backed-off-share.ts'
import { clamp } from '../../../../services/scoring/statistics/clamp.ts'
import { countSurprise, dispersionOf } from '../../../../services/scoring/statistics/count-surprise.ts'
import { decay } from '../../../../services/scoring/statistics/decay.ts'
import { goodTuring } from '../../../../services/scoring/statistics/good-turing.ts'
import { haversine } from '../../../../services/scoring/statistics/haversine.ts'
import { rarityBits } from '../../../../services/scoring/statistics/rarity-bits.ts'
import { shareSurprise } from '../../../../services/scoring/statistics/share-surprise.ts'
import { smoothedShare } from '../../../../services/scoring/statistics/smoothed-share.ts'
import {
  certainDistance,
  travelStrangeness,
} from '../../../../services/scoring/statistics/travel-strangeness.ts'

describe('the documented examples', () => {
  it.each<[string, number, number, number]>([
    ['haversine Berlin to Paris', haversine(52.52, 13.405, 48.8566, 2.3522), 877.5, 1],
    ['decay of two half-lives', decay(60_000, 30_000), 0.25, 3],
    ['smoothedShare seen', smoothedShare(8, 10, 2), 0.692, 3],
    ['smoothedShare unseen', smoothedShare(0, 10, 2), 0.077, 3],
    ['backedOffShare without history', backedOffShare(0, 0, 0.2, 2), 0.2, 3],
    ['backedOffShare with history', backedOffShare(0, 38, 0.2, 2), 0.01, 3],
    ['goodTuring of an explorer', goodTuring(4, 10), 0.4, 3],
    ['goodTuring of a cashier', goodTuring(1, 100), 0.01, 3],
    ['clamp', clamp(5, 0, 3), 3, 3],
    ['travelStrangeness far above', travelStrangeness(5_850, 3_600_000), 3, 3],
    ['travelStrangeness at medium', travelStrangeness(1_319, 3_600_000), 1, 2],
    ['travelStrangeness near', travelStrangeness(450, 60_000), 0, 3],
    ['countSurprise of scattered counts', countSurprise(200, 20, 1), 6.5, 1],
    ['countSurprise of even ones', countSurprise(200, 20, 10), 52, 0],
    ['dispersionOf', dispersionOf(20, 420, 0.5, 20), 1, 3],
    ['shareSurprise all hits', shareSurprise(7, 7, 0.05), 21, 0],
    ['shareSurprise among many', shareSurprise(40, 230, 0.05), 23.3, 1],
    ['shareSurprise ordinary', shareSurprise(5, 100, 0.05), 0, 3],
    ['rarityBits new', rarityBits(0, 50, 0.01, 2), 11.3, 1],
    ['rarityBits peers use it', rarityBits(0, 50, 0.5, 2), 5.7, 1],
    ['rarityBits own habit', rarityBits(10, 50, 0.5, 2), 2.2, 1],
  ])('%s', (_title, value, expected, digits) => {
    expect(Number(value.toFixed(digits))).toBe(expected)
  })
})

describe('what holds for all numbers', () => {
  const latitude = fc.double({ min: -90, max: 90, noNaN: true })
  const longitude = fc.double({ min: -180, max: 180, noNaN: true })

  it('a distance is symmetric, at most half the equator, and crosses the date line the short way', () => {
    fc.assert(
      fc.property(latitude, longitude, latitude, longitude, (a, b, c, d) => {
        const km = haversine(a, b, c, d)
        expect(km).toBeCloseTo(haversine(c, d, a, b), 6)
        expect(km).toBeGreaterThanOrEqual(0)
        expect(km).toBeLessThan(20_016)
      }),
    )
    expect(haversine(0, 179.5, 0, -179.5)).toBeLessThan(112)
  })

  it('smoothed shares of all values and the unseen one sum to 1', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }), (counts) => {
        const total = counts.reduce((sum, each) => sum + each, 0)
        const shares = [...counts, 0].map((each) => smoothedShare(each, total, counts.length))
        expect(shares.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 9)
      }),
    )
  })

  it('a likelihood ratio is 1 without history and never above (n + m) / m', () => {
    const share = fc.double({ min: 1e-6, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, fc.nat(10_000), (p, n) => {
        expect(p / backedOffShare(0, 0, p, 2)).toBeCloseTo(1, 9)
        expect(p / backedOffShare(0, n, p, 2)).toBeLessThanOrEqual(((n + 2) / 2) * 1.000001)
      }),
    )
  })

  it('time that runs backwards takes nothing away', () => {
    fc.assert(fc.property(fc.integer({ max: 0 }), (elapsed) => decay(elapsed, 1000) === 1))
  })

  it('certain distance is never negative', () => {
    expect(certainDistance(100, 60, 60)).toBe(0)
    expect(certainDistance(1000, 50, 50)).toBe(850)
  })
})

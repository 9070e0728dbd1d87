import { describe, expect, it } from 'vitest'
import { seededNumbers } from '../../../../services/runtime/seeded-numbers.ts'
import { RecentPlaces } from '../../../../services/scoring/calibration/recent-places.ts'
import { SegmentScores } from '../../../../services/scoring/calibration/segment-scores.ts'
import { uniformity } from '../../../../services/scoring/calibration/uniformity.ts'

describe('uniformity', () => {
  it('gives the documented figure', () => {
    expect(uniformity([0.1, 0.3, 0.5, 0.7, 0.9]).statistic).toBeCloseTo(0.1, 9)
    expect(uniformity([])).toEqual({ statistic: 0, effective: 0, p: 1 })
  })

  it('tells uniform values from others', () => {
    const random = seededNumbers(8)
    const even = Array.from({ length: 2000 }, () => random())
    expect(uniformity(even).p).toBeGreaterThan(0.01)
    expect(uniformity(even.map((value) => value ** 1.3)).p).toBeLessThan(0.001)
  })

  it('takes the values of one person for less than as many of many people', () => {
    const random = seededNumbers(9)
    const people = Array.from({ length: 100 }, () => random())
    const of = Array.from({ length: 1000 }, (_, index) => index % 100)
    // Each person is at one place, whatever they do.
    const alike = of.map((person) => people[person] ?? 0)
    expect(uniformity(alike).p).toBeLessThan(0.01)
    const grouped = uniformity(alike, of)
    expect(grouped.effective).toBeGreaterThan(70)
    expect(grouped.effective).toBeLessThan(130)
    expect(grouped.p).toBeGreaterThan(0.01)
    const single = of.map(() => random())
    expect(uniformity(single, of).effective).toBeGreaterThan(800)
  })
})

describe('places of the last days', () => {
  it('give the documented figure, and their inverse', () => {
    const recent = new RecentPlaces()
    for (let index = 0; index < 100; index++) recent.add((index + 0.5) / 200)
    expect(recent.placeOf(0.25)).toBeCloseTo(0.4167, 3)
    for (const share of [0.0001, 0.03, 0.2, 0.5, 0.9, 1])
      expect(recent.placeOf(recent.inverse(share))).toBeCloseTo(share, 9)
    expect(RecentPlaces.restore(recent.stored()).placeOf(0.25)).toBeCloseTo(recent.placeOf(0.25), 3)
  })
})

describe('p-values of scores that nobody moves', () => {
  /** Scores, the zeros among them as many as the share says, of a level that changes with the day. */
  const values = (level: (day: number) => number, nothing: number) => {
    const random = seededNumbers(11)
    const recent = new RecentPlaces()
    const scores = new SegmentScores(recent)
    const drawn: number[] = []
    for (let day = 0; day < 24; day++)
      for (let hour = 0; hour < 24; hour++) {
        scores.fade(1)
        recent.fade(1)
        for (let index = 0; index < 40; index++) {
          const score = random() < nothing ? 0 : -level(day) * Math.log(random())
          if (scores.total >= 1000 && index % 2 === 0) drawn.push(scores.draw(score, random()))
          scores.add(score)
        }
      }
    return drawn.slice(-1000)
  }

  it.each([
    ['that are nearly all nothing', () => 1, 0.98],
    ['that are nothing', () => 1, 1],
    ['that all differ', () => 1, 0],
    [
      'that fall by a twentieth from day to day, as those do of baselines that grow',
      (day: number) => 0.95 ** day,
      0.3,
    ],
  ])('are uniform for scores %s', (_, level, nothing) => {
    expect(uniformity(values(level, nothing)).p).toBeGreaterThan(0.01)
  })

  it('are not where scores have doubled on this day', () => {
    expect(uniformity(values((day) => (day < 23 ? 1 : 3), 0).slice(-400)).p).toBeLessThan(1e-4)
  })
})

import { expect, it } from 'vitest'
import { betaExceeds } from '../../../../services/scoring/statistics/beta-exceeds.ts'

it('gives the documented figures', () => {
  expect(betaExceeds({ hits: 4, trials: 4 }, { hits: 0, trials: 4 })).toBeCloseTo(0.996, 3)
})

it('is a half for two shares of which the same is known, and knows the closed form of small counts', () => {
  expect(betaExceeds({ hits: 3, trials: 9 }, { hits: 3, trials: 9 })).toBeCloseTo(0.5, 4)
  // Beta(2, 1) over Beta(1, 1): E[X] = 2/3.
  expect(betaExceeds({ hits: 1, trials: 1 }, { hits: 0, trials: 0 })).toBeCloseTo(2 / 3, 3)
})

it('asks for the margin, and stays a probability where much is known', () => {
  const [after, before] = [
    { hits: 40, trials: 4000 },
    { hits: 20, trials: 4000 },
  ]
  expect(betaExceeds(after, before)).toBeGreaterThan(0.99)
  expect(betaExceeds(after, before, 0.01)).toBeLessThan(0.05)
  expect(betaExceeds({ hits: 4000, trials: 4000 }, { hits: 0, trials: 4000 }, 0.005)).toBeCloseTo(1, 6)
})

it.each([
  [4, 4, 0.9958],
  [3, 15, 0.9446],
  [14, 15, 1],
])('policy intent documents %i of %i people, none of them before: %d', (hits, trials, probability) => {
  expect(betaExceeds({ hits, trials }, { hits: 0, trials }, 0.005)).toBeCloseTo(probability, 4)
})

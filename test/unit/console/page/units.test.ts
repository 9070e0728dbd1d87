import { expect, it } from 'vitest'
import { inUnit, placesOf } from '../../../../services/console/page/units.js'

it.each([
  [20, 0],
  [1, 0],
  [0.5, 1],
  [0.25, 2],
  [0.005, 3],
  [0.1 + 0.2, 1],
  [1e-9, 6],
])('steps of %f want %i decimal places', (step, places) => {
  expect(placesOf(step)).toBe(places)
})

it('labels of one axis are told apart', () => {
  const labels = [0.005, 0.01, 0.015].map((value) => inUnit(value, 'short', placesOf(0.005)))
  expect(labels).toEqual(['0.005', '0.010', '0.015'])
})

import { expect, it } from 'vitest'
import { fillLevel } from '../../../../services/gateway/spool/fill-level.ts'
import type { FillLevel } from '../../../../services/gateway/spool/fill-level.ts'

it.each<[from: FillLevel, ratio: number, to: FillLevel]>([
  ['calm', 0.49, 'calm'],
  ['calm', 0.5, 'half'],
  ['calm', 0.85, 'four_fifths'],
  ['calm', 1, 'full'],
  ['half', 0.45, 'half'],
  ['half', 0.39, 'calm'],
  ['four_fifths', 0.75, 'four_fifths'],
  ['four_fifths', 0.69, 'half'],
  ['four_fifths', 0.1, 'calm'],
  ['full', 0.95, 'full'],
  ['full', 0.89, 'four_fifths'],
])('at level %s and a fill of %d it is %s', (from, ratio, to) => {
  expect(fillLevel(from, ratio)).toBe(to)
})

import { expect, it } from 'vitest'
import { isFlown, noteFlight, type Flight } from '../../../../../services/scoring/state/population/flights.ts'

const DAY_MS = 86_400_000
const AT = 200 * DAY_MS

function networks(): Flight[] {
  const none = { who: 0, from: 0, to: 0, at_s: 0 }
  return Array.from({ length: 16 }, () => ({
    network: 0,
    travellers: Array.from({ length: 3 }, () => ({ ...none })),
  }))
}

it.each<[string, [subject: number, from: number, to: number][], boolean]>([
  [
    'three travellers between three ends',
    [
      [1, 10, 20],
      [2, 20, 30],
      [3, 10, 30],
    ],
    true,
  ],
  [
    'two travellers, however many ends',
    [
      [1, 10, 20],
      [2, 30, 40],
      [2, 50, 60],
    ],
    false,
  ],
  [
    'three travellers between the same two ends',
    [
      [1, 10, 20],
      [2, 20, 10],
      [3, 10, 20],
    ],
    false,
  ],
])('a network flies: %s: %s', (_title, journeys, expected) => {
  const all = networks()
  for (const [nth, [subject, from, to]] of journeys.entries())
    noteFlight(all, 7, { subject, from, to }, AT + nth * 2 * DAY_MS)
  expect(isFlown(all, 7, AT + 10 * DAY_MS)).toBe(expected)
  expect(isFlown(all, 8, AT + 10 * DAY_MS)).toBe(false)
  // Half a year later nobody flew with it lately.
  expect(isFlown(all, 7, AT + 190 * DAY_MS)).toBe(false)
})

import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { DAY, HOUR, MINUTE, play, story, type Part } from '../support/scoring/play.ts'

const sensitive = {
  resource: {
    type: 'http',
    id: '/payroll/7',
    app: 'records',
    path_template: '/payroll/{id}',
    sensitivity: 'high' as const,
  },
}
/** The first of January 2026 is a Thursday: weekdays are the others of each seven but the third and the fourth. */
const weekday = (day: number) => day % 7 !== 2 && day % 7 !== 3
const office = (who: string, weeks: number): Part[] =>
  Array.from({ length: weeks * 7 }, (_, day) => day)
    .filter(weekday)
    .map((day) => ({
      who,
      fromMs: day * DAY + 8 * HOUR,
      everyMs: HOUR / 2,
      times: 18,
      each: () => sensitive,
    }))
const scoreAt = (who: string, atMs: number, over: object, ...before: Part[]) =>
  play(story(...before, { who, fromMs: atMs, each: () => over })).scored.at(-1)?.scores['off-hours'] ?? 0

/** On call every second night. */
const nights: Part[] = Array.from({ length: 18 }, (_, index) => ({
  who: 'bob',
  fromMs: 2 * index * DAY + 23 * HOUR,
  everyMs: HOUR,
  times: 6,
  each: () => sensitive,
}))
const atNight = (who: string): Part => ({
  who,
  fromMs: 43 * DAY + 2 * HOUR,
  everyMs: MINUTE,
  times: 4,
  each: () => sensitive,
})

detectorScenario('off-hours', {
  decisions: story(...office('alice', 6), atNight('alice'), ...office('bob', 6), ...nights, atNight('bob')),
  finds: 'payroll at two in the morning, once',
  found: [['user:alice', 'MEDIUM', '2026-02-13T02:00:00.000Z']],
  spares: 'bob, who is on call every second night',
  bystanders: ['user:bob'],
})

describe('off-hours', () => {
  it('payroll at two in the morning on a Sunday scores; the same person at eleven, or a little early, does not', () => {
    const sunday = 5 * 7 * DAY + 3 * DAY
    expect(scoreAt('alice', sunday + 2 * HOUR, sensitive, ...office('alice', 5))).toBeGreaterThan(4.2)
    expect(scoreAt('alice', 35 * DAY + 11 * HOUR, sensitive, ...office('alice', 5))).toBe(0)
    expect(scoreAt('alice', 35 * DAY + 7 * HOUR, sensitive, ...office('alice', 5))).toBeLessThan(1)
  })

  it('what is harmless is nobody’s business, and neither is somebody new', () => {
    const wiki = { resource: { type: 'http', id: '/', app: 'wiki', sensitivity: 'low' as const } }
    expect(scoreAt('alice', 38 * DAY + 2 * HOUR, wiki, ...office('alice', 5))).toBe(0)
    expect(scoreAt('alice', 9 * DAY + 2 * HOUR, sensitive, ...office('alice', 1).slice(0, 4))).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { seededNumbers } from '../../services/runtime/seeded-numbers.ts'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { DAY, HOUR, play, story, type Part } from '../support/scoring/play.ts'

/** Each level of each finding once: one that goes on is told again. */
function found(decisions: Parameters<typeof play>[0]): string[] {
  const { findings } = play(decisions)
  const volumes = findings.filter((f) => f.detector.id === 'volume')
  return [
    ...new Set(volumes.map((f) => `${f.entity.id} ${f.risk_level} ${f.first_observed_at.slice(0, 13)}`)),
  ]
}

/** Eight working hours a day, with as many requests in each as `perHour` says. */
function days(who: string, count: number, perHour: (day: number, hour: number) => number): Part[] {
  return Array.from({ length: count * 8 }, (_, index) => {
    const [day, hour] = [Math.floor(index / 8), index % 8]
    const times = perHour(day, hour)
    return { who, fromMs: day * DAY + (8 + hour) * HOUR, everyMs: Math.floor(HOUR / (times + 1)), times }
  })
}
const ordinary = (seed: number) => {
  const random = seededNumbers(seed)
  return () => 14 + Math.floor(random() * 20)
}

detectorScenario('volume', {
  decisions: story(
    ...days('alice', 5, ordinary(1)),
    { who: 'alice', fromMs: 5 * DAY + 9 * HOUR, everyMs: 5000, times: 600 },
    ...days('bob', 5, ordinary(2)),
    { who: 'bob', fromMs: 5 * DAY + 9 * HOUR, everyMs: 50_000, times: 70 },
  ),
  finds: 'a copy of everything within an hour',
  found: [
    ['user:alice', 'MEDIUM', '2026-01-06T09:11:15.000Z'],
    ['user:alice', 'HIGH', '2026-01-06T09:15:45.000Z'],
  ],
  spares: 'bob, whose busiest hour is three times as busy',
  bystanders: ['user:bob'],
})

describe('volume', () => {
  it('a rise from day to day is found; dave, whose days differ as days do, is not', () => {
    const random = seededNumbers(3)
    const rising = (day: number) => (day < 20 ? 15 + Math.floor(random() * 4) : 30 + 2 * (day - 20))
    const uneven = seededNumbers(4)
    const all = found(
      story(...days('alice', 34, rising), ...days('dave', 34, () => 15 + Math.floor(uneven() * 20))),
    )
    expect(all[0]).toMatch(/^user:alice MEDIUM 2026-0/)
    expect(all.filter((each) => !each.startsWith('user:alice'))).toEqual([])
  })

  it('in the first day nobody is found', () => {
    expect(found(story({ who: 'erin', everyMs: 1000, times: 3000 }))).toEqual([])
  })
})

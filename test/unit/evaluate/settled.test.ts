import { describe, expect, it } from 'vitest'
import { poissonInterval, settledOf } from '../../../services/evaluate/settled.ts'
import type { Held } from '../../../services/evaluate/held.ts'
import { finding } from '../../support/scoring/findings.ts'

const DAY = 86_400_000
const START = Date.parse('2026-03-02T00:00:00.000Z')

const held = (day: number): Held => ({
  finding: finding({ at_ms: START + day * DAY }),
  attack: undefined,
  found_ms: Number.NaN,
  beside: undefined,
})

describe('the interval of Poisson counts', () => {
  it.each([
    [0, 0, 0],
    [1, 0, 4],
    [9, 2, 18],
    [100, 75, 127],
  ])('with mean %d holds 99 %% between %d and %d', (mean, least, most) => {
    expect(poissonInterval(mean)).toEqual([least, most])
  })

  it('is found for a mean whose probabilities a number can not hold', () => {
    const [least, most] = poissonInterval(5000)
    expect(least).toBeGreaterThan(4700)
    expect(most).toBeLessThan(5300)
  })
})

describe('the days after the warm-up', () => {
  const span = {
    first: new Date(START).toISOString(),
    last: new Date(START + 17 * DAY).toISOString(),
    users: 500,
  }

  it('are counted apart from the first ones', () => {
    const found = Array.from({ length: 17 }, (_, day) => held(day + 0.5))
    expect(settledOf(found, span, { budget: 1, warm_up_days: 7 })).toMatchObject({
      days: 10,
      findings: 10,
      false: 10,
      a_day: 1,
      a_day_per_1000_users: 2,
      budget_kept: true,
    })
  })

  it('break a budget only beyond what chance allows', () => {
    const found = (count: number) => Array.from({ length: count }, () => held(12))
    const kept = (count: number) =>
      settledOf(found(count), span, { budget: 0.9, warm_up_days: 7 }).budget_kept
    expect([kept(18), kept(19)]).toEqual([true, false])
  })
})

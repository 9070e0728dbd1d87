import { describe, expect, it } from 'vitest'
import { CHROME, DAY, LONDON_IP, play, story } from '../support/play.ts'

const found = (decisions: Parameters<typeof play>[0]) =>
  play(decisions)
    .findings.filter((f) => f.detector.id === 'dormant-account')
    .map((f) => [f.entity.id, f.risk_level, f.observed_at, f.evidence['silent_days']])

describe('dormant account', () => {
  const used = (who: string) => ({ who, everyMs: DAY, times: 10 })
  const back = (who: string) => ({
    who,
    fromMs: 79 * DAY,
    everyMs: 60_000,
    times: 5,
    each: () => ({ context: { ip: LONDON_IP, user_agent: CHROME } }),
  })

  it('an account that wakes after ten weeks elsewhere is found; bob, back from leave with his own laptop, is not', () => {
    expect(
      found(story(used('alice'), back('alice'), used('bob'), { who: 'bob', fromMs: 79 * DAY, times: 20 })),
    ).toEqual([['user:alice', 'HIGH', '2026-03-21T00:00:00.000Z', 70]])
  })

  it('five weeks are MEDIUM, three weeks nothing', () => {
    const after = (who: string, days: number) => ({ ...back(who), fromMs: (9 + days) * DAY })
    expect(found(story(used('carol'), after('carol', 35), used('dave'), after('dave', 22)))).toEqual([
      ['user:carol', 'MEDIUM', '2026-02-14T00:00:00.000Z', 35],
    ])
  })

  it('requests of the return that come out of order are the same finding', () => {
    const decisions = story(used('alice'), back('alice'))
    const returned = decisions.splice(-5)
    expect(found([...decisions, ...returned.toReversed()])).toHaveLength(1)
  })

  it('an account that was hardly used before says nothing', () => {
    expect(found(story({ ...used('erin'), times: 3 }, back('erin')))).toEqual([])
  })
})

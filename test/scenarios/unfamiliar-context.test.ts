import { describe, expect, it } from 'vitest'
import { CHROME, DAY, HOUR, LONDON_IP, play, story } from '../support/play.ts'

describe('unfamiliar context', () => {
  const habits = ['alice', 'bob'].map((who) => ({ who, everyMs: HOUR / 2, times: 40 }))

  it('a thief from another network with another browser is found; bob, on a journey with his own laptop, is not', () => {
    const { findings } = play(
      story(
        ...habits,
        {
          who: 'alice',
          fromMs: 2 * DAY,
          everyMs: 1000,
          times: 5,
          each: () => ({ context: { ip: LONDON_IP, user_agent: CHROME } }),
        },
        {
          who: 'bob',
          fromMs: 2 * DAY,
          everyMs: 1000,
          times: 5,
          each: (i) => ({
            context: { ip: LONDON_IP, user_agent: story({ who: 'bob' })[i]?.context?.user_agent ?? '' },
          }),
        },
      ),
    )
    expect(findings.map((f) => [f.detector.id, f.entity.id, f.risk_level, f.observed_at])).toEqual([
      ['unfamiliar-context', 'user:alice', 'HIGH', '2026-01-03T00:00:00.000Z'],
    ])
    expect(findings[0]?.evidence).toMatchObject({ prefix_seen: false, browser_seen: false })
  })

  it('decisions out of order by minutes give the same finding', () => {
    const decisions = story(...habits, {
      who: 'alice',
      fromMs: 2 * DAY,
      everyMs: 60_000,
      times: 4,
      each: () => ({ context: { ip: LONDON_IP, user_agent: CHROME } }),
    })
    const last = decisions.splice(-4).reverse()
    const { findings } = play([...decisions, ...last])
    expect(findings.map((f) => [f.detector.id, f.entity.id, f.observed_at])).toEqual([
      ['unfamiliar-context', 'user:alice', '2026-01-03T00:03:00.000Z'],
    ])
  })

  it('in the first hours of everybody nobody is found', () => {
    const { findings } = play(
      story(
        ...Array.from({ length: 30 }, (_, index) => ({
          who: `person-${index}`,
          everyMs: HOUR,
          times: 3,
          each: (i: number) => ({
            context: i === 2 ? { ip: LONDON_IP, user_agent: CHROME } : { ip: '192.0.2.10' },
          }),
        })),
      ),
    )
    expect(findings.filter((f) => f.detector.id === 'unfamiliar-context')).toEqual([])
  })
})

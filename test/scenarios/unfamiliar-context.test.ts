import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { CHROME, DAY, FIREFOX, HOUR, LONDON_IP, play, story } from '../support/scoring/play.ts'

const habits = ['alice', 'bob'].map((who) => ({ who, everyMs: HOUR / 2, times: 40 }))
const elsewhere = (who: string, user_agent: string) => ({
  who,
  fromMs: 2 * DAY,
  everyMs: 60_000,
  times: 5,
  each: () => ({ context: { ip: LONDON_IP, user_agent } }),
})

detectorScenario('unfamiliar-context', {
  decisions: story(...habits, elsewhere('alice', CHROME), elsewhere('bob', FIREFOX)),
  finds: 'a thief from another network with another browser',
  found: [['user:alice', 'HIGH', '2026-01-03T00:00:00.000Z']],
  spares: 'bob, on a journey with his own laptop',
  bystanders: ['user:bob'],
  also: ([finding]) => expect(finding?.evidence).toMatchObject({ prefix_seen: false, browser_seen: false }),
})

describe('unfamiliar context', () => {
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

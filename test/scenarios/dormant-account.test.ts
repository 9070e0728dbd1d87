import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { CHROME, DAY, LONDON_IP, play, story } from '../support/scoring/play.ts'

const found = (decisions: Parameters<typeof play>[0]) =>
  play(decisions)
    .findings.filter((f) => f.detector.id === 'dormant-account')
    .map((f) => [f.entity.id, f.risk_level, f.observed_at, f.evidence['silent_days']])

const used = (who: string) => ({ who, everyMs: DAY, times: 10 })
const back = (who: string) => ({
  who,
  fromMs: 79 * DAY,
  everyMs: 60_000,
  times: 5,
  each: () => ({ context: { ip: LONDON_IP, user_agent: CHROME } }),
})

detectorScenario('dormant-account', {
  decisions: story(used('alice'), back('alice'), used('bob'), { who: 'bob', fromMs: 79 * DAY, times: 20 }),
  finds: 'an account that wakes after ten weeks elsewhere',
  found: [['user:alice', 'HIGH', '2026-03-21T00:00:00.000Z']],
  spares: 'bob, back from leave with his own laptop',
  bystanders: ['user:bob'],
  also: ([finding]) => expect(finding?.evidence['silent_days']).toBe(70),
})

describe('dormant account', () => {
  it('five weeks are MEDIUM, five days nothing', () => {
    const after = (who: string, days: number) => ({ ...back(who), fromMs: (9 + days) * DAY })
    expect(found(story(used('carol'), after('carol', 35), used('dave'), after('dave', 5)))).toEqual([
      ['user:carol', 'MEDIUM', '2026-02-14T00:00:00.000Z', 35],
    ])
  })

  it('after twelve days a browser of the same kind elsewhere is strange; carol’s own laptop, and dave at his usual provider, hardly are', () => {
    const from = (ip: string) => ({ context: { ip, user_agent: CHROME } })
    const laptop = (ip = '192.0.2.10') => ({ ...from(ip), device: { id: 'laptop' } })
    const again = (who: string, each: () => object) => ({ who, fromMs: 21.5 * DAY, each })
    const { scored } = play(
      story(
        { ...used('carol'), each: () => laptop() },
        { ...used('alice'), each: () => laptop() },
        { ...used('dave'), each: () => laptop() },
        again('carol', () => laptop(LONDON_IP)),
        again('alice', () => from(LONDON_IP)),
        again('dave', () => from('192.0.2.10')),
      ),
    )
    const last = (who: string) =>
      scored.findLast(({ decision }) => decision.subject.id === who)?.scores['dormant-account']
    expect([last('alice'), last('carol'), last('dave')]).toEqual([6.25, 1.563, 3.125])
  })

  it('an account that was hardly used before says nothing', () => {
    expect(found(story({ ...used('erin'), times: 3 }, back('erin')))).toEqual([])
  })
})

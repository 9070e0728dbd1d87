import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { DAY, FIREFOX, MINUTE, play, story } from '../support/scoring/play.ts'

const program = (id: string) => () => ({
  subject: { type: 'service' as const, id },
  context: { ip: '192.0.2.10', user_agent: 'python-requests/2.32' },
})
const byHand = (id: string) => () => ({
  subject: { type: 'service' as const, id },
  context: { ip: '192.0.2.10', user_agent: FIREFOX },
})
const found = (decisions: Parameters<typeof play>[0]) =>
  play(decisions)
    .findings.filter((f) => f.detector.id === 'service-interactive')
    .map((f) => [f.entity.id, f.risk_level, f.observed_at])

detectorScenario('service-interactive', {
  decisions: story(
    { who: 'backup', everyMs: MINUTE, times: 200, each: program('backup') },
    { who: 'backup', fromMs: 200 * MINUTE, times: 3, each: byHand('backup') },
    { who: 'kiosk', everyMs: MINUTE, times: 200, each: byHand('kiosk') },
  ),
  finds: 'the first request with a browser',
  found: [['service:backup', 'HIGH', '2026-01-01T03:20:00.000Z']],
  spares: 'a service that is always used by hand',
  bystanders: ['service:kiosk'],
})

describe('interactive use of a service account', () => {
  it('an operator who does it every few days is a habit', () => {
    const operated = story(
      { who: 'backup', everyMs: 10 * MINUTE, times: 3000, each: program('backup') },
      ...[2, 4, 6, 8, 10, 12].map((day) => ({
        who: 'backup',
        fromMs: day * DAY + 1,
        each: byHand('backup'),
      })),
    )
    const last = play(operated).scored.findLast(({ decision }) => decision.context?.user_agent === FIREFOX)
    expect(last?.scores['service-interactive']).toBeLessThan(4.3)
  })

  it('a person with a browser is a person', () => {
    expect(found(story({ who: 'alice', everyMs: MINUTE, times: 300 }))).toEqual([])
  })
})

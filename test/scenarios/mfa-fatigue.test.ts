import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { BERLIN_IP, DAY, MINUTE, play, story, TOKYO_IP } from '../support/scoring/play.ts'

const signIn = { name: 'sign_in' }
const refused = (ip = TOKYO_IP) => ({
  outcome: 'deny' as const,
  reasons: ['mfa_rejected' as const],
  action: signIn,
  context: { ip },
})
const found = (decisions: Parameters<typeof play>[0]) =>
  play(decisions)
    .findings.filter((f) => f.detector.id === 'mfa-fatigue')
    .map((f) => [f.entity.id, f.risk_level, f.observed_at])

const bombing = [
  { who: 'alice', everyMs: 15_000, times: 8, each: () => refused() },
  { who: 'alice', fromMs: 3 * MINUTE, each: () => ({ action: signIn, context: { ip: TOKYO_IP } }) },
]

detectorScenario('mfa-fatigue', {
  decisions: story(
    ...bombing,
    { who: 'bob', everyMs: 20_000, times: 3, each: () => refused(BERLIN_IP) },
    { who: 'bob', fromMs: 70_000, each: () => ({ action: signIn }) },
  ),
  finds: 'the run while it goes on, and again when the owner gives in',
  found: [
    ['user:alice', 'MEDIUM', '2026-01-01T00:00:45.000Z'],
    ['user:alice', 'HIGH', '2026-01-01T00:03:00.000Z'],
  ],
  spares: 'bob, who mistypes three codes',
  bystanders: ['user:bob'],
})

describe('MFA fatigue', () => {
  it('the approval says how many refusals came before it', () => {
    const last = play(story(...bombing)).findings.findLast((f) => f.detector.id === 'mfa-fatigue')
    expect(last?.evidence).toMatchObject({
      refused_second_factors: 8,
      approved: true,
      approved_where_refused: true,
    })
  })

  it('refused passwords are another matter, and so are single refusals from day to day', () => {
    const passwords = {
      who: 'carol',
      times: 20,
      each: () => ({ ...refused(), reasons: ['credentials_rejected' as const] }),
    }
    const daily = { who: 'dave', everyMs: DAY, times: 20, each: () => refused(BERLIN_IP) }
    expect(found(story(passwords, daily))).toEqual([])
  })
})

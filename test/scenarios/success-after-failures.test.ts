import { describe, expect, it } from 'vitest'
import { BERLIN_IP, HOUR, LONDON_IP, MINUTE, play, story, TOKYO_IP } from '../support/play.ts'

const signIn = { name: 'sign_in' }
const failed = (ip = BERLIN_IP) => ({
  outcome: 'deny' as const,
  reasons: ['credentials_rejected' as const],
  action: signIn,
  context: { ip },
})

describe('success after failures', () => {
  const attack = story(
    { who: 'alice', everyMs: 3000, times: 40, each: () => failed(TOKYO_IP) },
    { who: 'alice', fromMs: 121_000, each: () => ({ action: signIn, context: { ip: TOKYO_IP } }) },
    { who: 'bob', everyMs: 20_000, times: 3, each: () => failed() },
    { who: 'bob', fromMs: 70_000, each: () => ({ action: signIn }) },
  )

  it('the guessed password is found at the success; bob, who mistypes three times, is not', () => {
    const { findings } = play(attack)
    expect(findings.map((f) => [f.detector.id, f.entity.id, f.risk_level, f.observed_at])).toEqual([
      ['success-after-failures', 'user:alice', 'HIGH', '2026-01-01T00:02:01.000Z'],
    ])
    expect(findings[0]?.evidence).toMatchObject({
      failures: 40,
      failing_sources: 1,
      success_source_failed: true,
    })
    expect(findings[0]?.decision_ids).toHaveLength(20)
  })

  it('six failures are MEDIUM, and failures that come out of order count', () => {
    const decisions = story(
      { who: 'alice', everyMs: 10_000, times: 6, each: () => failed() },
      { who: 'alice', fromMs: MINUTE, each: () => ({ action: signIn }) },
    )
    const success = decisions.pop()
    const { findings } = play([...decisions.toReversed(), ...(success === undefined ? [] : [success])])
    expect(findings.map((f) => [f.entity.id, f.risk_level])).toEqual([['user:alice', 'MEDIUM']])
  })

  it('the owner who signs in at home during an attack from elsewhere is no success of the attacker', () => {
    const { findings } = play(
      story(
        { who: 'carol', each: () => ({ action: signIn }) },
        { who: 'carol', fromMs: HOUR, everyMs: 60_000, times: 9, each: () => failed(LONDON_IP) },
        { who: 'carol', fromMs: HOUR + 10 * MINUTE, each: () => ({ action: signIn }) },
      ),
    )
    expect(findings).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { BERLIN_IP, HOUR, LONDON_IP, MINUTE, play, story, TOKYO_IP } from '../support/scoring/play.ts'

const signIn = { name: 'sign_in' }
const failed = (ip = BERLIN_IP) => ({
  outcome: 'deny' as const,
  reasons: ['credentials_rejected' as const],
  action: signIn,
  context: { ip },
})

detectorScenario('success-after-failures', {
  decisions: story(
    { who: 'alice', everyMs: 3000, times: 40, each: () => failed(TOKYO_IP) },
    { who: 'alice', fromMs: 121_000, each: () => ({ action: signIn, context: { ip: TOKYO_IP } }) },
    { who: 'bob', everyMs: 20_000, times: 3, each: () => failed() },
    { who: 'bob', fromMs: 70_000, each: () => ({ action: signIn }) },
  ),
  finds: 'the guessed password, at the success',
  found: [['user:alice', 'HIGH', '2026-01-01T00:02:01.000Z']],
  spares: 'bob, who mistypes three times',
  bystanders: ['user:bob'],
  also([finding]) {
    expect(finding?.evidence).toMatchObject({
      failures: 40,
      failing_sources: 1,
      success_source_failed: true,
    })
    expect(finding?.decision_ids).toHaveLength(20)
  },
})

describe('success after failures', () => {
  it('six failures are MEDIUM, and failures that come out of order count', () => {
    const decisions = story(
      { who: 'alice', everyMs: 10_000, times: 6, each: () => failed() },
      { who: 'alice', fromMs: MINUTE, each: () => ({ action: signIn }) },
    )
    const success = decisions.pop()
    const { findings } = play([...decisions.toReversed(), ...(success === undefined ? [] : [success])])
    expect(findings.map((f) => [f.entity.id, f.risk_level])).toEqual([['user:alice', 'MEDIUM']])
  })

  it('who fails twice from elsewhere and gets in from there hours later is found; dave, who tries again at once, is not', () => {
    const from = (who: string, fromMs: number, each: () => object) => ({ who, fromMs, each })
    const enters = (ip: string) => () => ({ action: signIn, context: { ip } })
    const slow = story(
      from('carol', 0, enters(BERLIN_IP)),
      from('carol', HOUR, () => failed(LONDON_IP)),
      from('carol', 7 * HOUR, () => failed(LONDON_IP)),
      from('carol', 8 * HOUR, enters(BERLIN_IP)),
      from('carol', 13 * HOUR, enters(LONDON_IP)),
      from('dave', 0, enters(BERLIN_IP)),
      from('dave', HOUR, () => failed(LONDON_IP)),
      from('dave', HOUR + 20_000, () => failed(LONDON_IP)),
      from('dave', HOUR + 40_000, enters(LONDON_IP)),
      from('dave', 3 * HOUR, enters(LONDON_IP)),
    )
    const found = (decisions: typeof slow) =>
      play(decisions)
        .findings.filter((f) => f.detector.id === 'success-after-failures')
        .map((f) => [f.entity.id, f.risk_level, f.observed_at])
    const alert = ['user:carol', 'MEDIUM', '2026-01-01T13:00:00.000Z']
    expect(found(slow)).toEqual([alert])
    // The second failure comes minutes late, after the owner's own visit.
    const late = slow.splice(2, 1)
    expect(found([...slow.slice(0, 3), ...late, ...slow.slice(3)])).toEqual([alert])
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

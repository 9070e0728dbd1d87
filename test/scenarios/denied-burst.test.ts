import { describe, expect, it } from 'vitest'
import { play, story } from '../support/play.ts'

describe('denied burst', () => {
  it('mallory, who probes, is found at the tenth refusal and again at HIGH; alice, who works, is not', () => {
    const { findings } = play(
      story(
        {
          who: 'alice',
          everyMs: 1000,
          times: 600,
          each: (i) => ({ outcome: i % 50 === 0 ? 'deny' : 'permit' }),
        },
        { who: 'mallory', fromMs: 300_000, everyMs: 200, times: 100, each: () => ({ outcome: 'deny' }) },
      ),
    )
    expect(findings.map((f) => [f.detector.id, f.entity.id, f.risk_level, f.observed_at])).toEqual([
      ['denied-burst', 'user:mallory', 'MEDIUM', '2026-01-01T00:05:02.000Z'],
      ['denied-burst', 'user:mallory', 'HIGH', '2026-01-01T00:05:06.200Z'],
    ])
  })

  it('a stranger who guesses at the password of alice, who is at work, raises nothing against her', () => {
    const { findings } = play(
      story(
        { who: 'alice', everyMs: 10_000, times: 60, each: () => ({ outcome: 'permit' }) },
        {
          who: 'alice',
          fromMs: 120_000,
          everyMs: 1000,
          times: 100,
          each: () => ({ outcome: 'deny', reasons: ['credentials_rejected'] }),
        },
      ),
    )
    expect(findings.filter((f) => f.detector.id === 'denied-burst')).toEqual([])
  })
})

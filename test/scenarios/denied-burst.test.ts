import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { play, story } from '../support/scoring/play.ts'

detectorScenario('denied-burst', {
  decisions: story(
    { who: 'alice', everyMs: 1000, times: 600, each: (i) => ({ outcome: i % 50 === 0 ? 'deny' : 'permit' }) },
    { who: 'mallory', fromMs: 300_000, everyMs: 200, times: 100, each: () => ({ outcome: 'deny' }) },
  ),
  finds: 'mallory, who probes, at the tenth refusal, and again at HIGH',
  found: [
    ['user:mallory', 'MEDIUM', '2026-01-01T00:05:02.000Z'],
    ['user:mallory', 'HIGH', '2026-01-01T00:05:06.200Z'],
  ],
  spares: 'alice, who works',
  bystanders: ['user:alice'],
})

describe('denied burst', () => {
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

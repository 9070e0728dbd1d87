import { describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../schemas/decision.ts'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { BERLIN_IP, DAY, HOUR, MINUTE, play, story, type Part } from '../support/scoring/play.ts'

const MB = 1_000_000

function found(decisions: Parameters<typeof play>[0]): string[] {
  const { findings } = play(decisions)
  const own = findings.filter((f) => f.detector.id === 'bytes-moved')
  return [...new Set(own.map((f) => `${f.entity.id} ${f.risk_level} ${f.first_observed_at.slice(0, 10)}`))]
}

const moves = (bytes: number): Partial<DecisionInput> => ({
  context: { ip: BERLIN_IP, http: { bytes_out: bytes } },
})

/** Eight files of about a megabyte a day, for six days. */
function habit(who: string): Part[] {
  return Array.from({ length: 6 }, (_, day) => ({
    who,
    fromMs: day * DAY + 9 * HOUR,
    everyMs: HOUR / 2,
    times: 8,
    each: (index: number) => moves(MB * (1 + ((index + day) % 3) / 4)),
  }))
}

const takes = (who: string, times: number, bytes: number, everyMs = 5000): Part => ({
  who,
  fromMs: 6 * DAY + 9 * HOUR,
  everyMs,
  times,
  each: () => moves(bytes),
})

detectorScenario('bytes-moved', {
  decisions: story(
    ...habit('alice'),
    takes('alice', 30, 5 * MB),
    ...habit('bob'),
    takes('bob', 12, 1.5 * MB),
  ),
  finds: 'a copy of what one may read',
  found: [
    ['user:alice', 'MEDIUM', '2026-01-07T09:00:15.000Z'],
    ['user:alice', 'HIGH', '2026-01-07T09:00:25.000Z'],
  ],
  spares: 'bob, whose day is a busy one',
  bystanders: ['user:bob'],
})

describe('bytes moved', () => {
  it('a new habit is one after some days', () => {
    const again = Array.from({ length: 12 }, (_, day) => ({
      ...takes('carol', 30, 5 * MB, 10 * MINUTE),
      fromMs: (6 + day) * DAY + 9 * HOUR,
    }))
    const all = found(story(...habit('carol'), ...again))
    expect(all.some((each) => each.endsWith('2026-01-07'))).toBe(true)
    expect(all.some((each) => each.endsWith('2026-01-18'))).toBe(false)
  })

  it('five days of 10 MB, then 100 MB: 3.7', () => {
    const days = Array.from({ length: 6 }, (_, day) => ({
      who: 'dave',
      fromMs: day * DAY,
      each: () => moves(day === 5 ? 100 * MB : 10 * MB),
    }))
    expect(play(story(...days)).scored.at(-1)?.scores['bytes-moved']).toBeCloseTo(3.7, 1)
  })
})

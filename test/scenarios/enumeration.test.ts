import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { DAY, HOUR, MINUTE, play, story } from '../support/scoring/play.ts'

const reads = (id: number | string) => ({
  resource: { type: 'http', id: `/records/${id}`, app: 'records', path_template: '/records/{id}' },
})
const found = (decisions: Parameters<typeof play>[0]) =>
  play(decisions)
    .findings.filter((f) => f.detector.id === 'enumeration')
    .map((f) => [f.entity.id, f.risk_level])

const habit = (who: string) => ({ who, everyMs: 3 * MINUTE, times: 60, each: (i: number) => reads(i % 7) })
const walk = {
  who: 'alice',
  fromMs: DAY,
  everyMs: 1000,
  times: 400,
  each: (i: number) => reads(`all-${i}`),
}

detectorScenario('enumeration', {
  decisions: story(habit('alice'), walk, habit('bob'), {
    who: 'bob',
    fromMs: DAY,
    everyMs: 1000,
    times: 400,
    each: () => reads(1),
  }),
  finds: 'a script that reads record after record',
  found: [
    ['user:alice', 'MEDIUM', '2026-01-02T00:01:19.000Z'],
    ['user:alice', 'HIGH', '2026-01-02T00:03:20.000Z'],
  ],
  spares: 'bob, who reads the same one four hundred times',
  bystanders: ['user:bob'],
})

describe('enumeration', () => {
  it('the figures are near the truth', () => {
    const first = play(story(habit('alice'), walk)).findings.find((f) => f.detector.id === 'enumeration')
    const { different_resources: different, different_resources_expected: usual } = first?.evidence ?? {}
    expect(usual).toBeCloseTo(3.3, 0)
    expect(Number(different)).toBeGreaterThan(70)
    expect(Number(different)).toBeLessThan(95)
  })

  it('a token that four applications refuse is found, also out of order; carol, whom one refuses often, is not', () => {
    const refusals = (apps: number) => (i: number) => ({
      outcome: 'deny' as const,
      reasons: ['policy_deny' as const],
      resource: { type: 'http', id: '/', app: `app-${i % apps}` },
    })
    const decisions = story(
      { who: 'alice', fromMs: DAY, everyMs: 5000, times: 5, each: refusals(5) },
      { who: 'carol', fromMs: DAY, everyMs: 5000, times: 20, each: refusals(1) },
    )
    expect(found(decisions)).toEqual([['user:alice', 'MEDIUM']])
    expect(found(decisions.toReversed())).toEqual([['user:alice', 'MEDIUM']])
  })

  it('a person whose page loads a hundred items each time is used to it', () => {
    const lists = Array.from({ length: 30 }, (_, index) => ({
      who: 'dave',
      fromMs: index * HOUR,
      everyMs: 100,
      times: index < 15 ? 40 : 90,
      each: (i: number) => reads(`${index}-${i}`),
    }))
    expect(found(story(...lists))).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { DAY, HOUR, MINUTE, play, story } from '../support/scoring/play.ts'

const payroll = {
  resource: {
    type: 'http',
    id: '/payroll/7',
    app: 'records',
    path_template: '/payroll/{id}',
    sensitivity: 'high' as const,
  },
}
const on =
  (posture: 'compliant' | 'not_compliant' | 'unknown', managed: boolean, more = {}) =>
  () => ({
    device: { id: 'laptop', posture, managed },
    ...more,
  })
const found = (decisions: Parameters<typeof play>[0]) =>
  play(decisions)
    .findings.filter((f) => f.detector.id === 'posture-fall')
    .map((f) => [f.entity.id, f.risk_level, f.observed_at])

const inOrder = (who: string) => ({ who, everyMs: HOUR, times: 8, each: on('compliant', true) })
const fallen = (who: string, more: object) => ({
  who,
  fromMs: 9 * HOUR,
  everyMs: MINUTE,
  times: 3,
  each: on('not_compliant', true, more),
})

detectorScenario('posture-fall', {
  decisions: story(
    inOrder('alice'),
    fallen('alice', payroll),
    inOrder('bob'),
    fallen('bob', { resource: { ...payroll.resource, sensitivity: 'low' } }),
  ),
  finds: 'defences go down and payroll is read',
  found: [['user:alice', 'MEDIUM', '2026-01-01T09:00:00.000Z']],
  spares: 'bob, who only reads the wiki meanwhile',
  bystanders: ['user:bob'],
})

describe('posture fall', () => {
  it('a device that is not managed any more either is HIGH', () => {
    const copied = { who: 'alice', fromMs: 9 * HOUR, each: on('not_compliant', false, payroll) }
    expect(found(story(inOrder('alice'), copied))).toEqual([
      ['user:alice', 'HIGH', '2026-01-01T09:00:00.000Z'],
    ])
  })

  it('an inventory that loses its connection is nothing, and nor is a device that was never in order', () => {
    expect(
      found(
        story(
          inOrder('carol'),
          { who: 'carol', fromMs: 9 * HOUR, times: 3, each: on('unknown', true, payroll) },
          { who: 'dave', everyMs: HOUR, times: 8, each: on('not_compliant', false, payroll) },
        ),
      ),
    ).toEqual([])
  })

  it('a request that comes late is found; after three days the fallen state is how the device is', () => {
    const days = { who: 'alice', fromMs: 9 * HOUR, everyMs: DAY, times: 6, each: on('not_compliant', true) }
    const week = { who: 'alice', fromMs: 6 * DAY, each: on('not_compliant', true, payroll) }
    const decisions = story(inOrder('alice'), days, week)
    const late = story({ who: 'alice', fromMs: 9 * HOUR - MINUTE, each: on('not_compliant', true, payroll) })
    decisions.splice(9, 0, ...late)
    expect(found(decisions)).toEqual([['user:alice', 'MEDIUM', '2026-01-01T08:59:00.000Z']])
  })
})

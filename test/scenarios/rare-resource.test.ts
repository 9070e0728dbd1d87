import type { DecisionInput } from '../../schemas/decision.ts'
import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { HOUR, play, story } from '../support/scoring/play.ts'

const page = (
  who: string,
  group: string,
  name: string,
  sensitivity: 'medium' | 'high',
): Partial<DecisionInput> => ({
  subject: { type: 'user', id: who, groups: [group] },
  resource: { type: 'http', id: `/${name}`, app: 'records', path_template: `/${name}`, sensitivity },
})

const sales = Array.from({ length: 8 }, (_, person) => ({
  who: `sales-${person}`,
  everyMs: HOUR,
  times: 40,
  each: (i: number) => page(`sales-${person}`, 'sales', `account-${i % 4}`, 'medium'),
}))
const payroll = Array.from({ length: 8 }, (_, person) => ({
  who: `pay-${person}`,
  everyMs: HOUR,
  times: 40,
  each: (i: number) =>
    page(`pay-${person}`, 'people-team', i % 4 === 3 && person > 5 ? 'payroll' : `account-${i % 3}`, 'high'),
}))
const reach = [
  {
    who: 'sales-0',
    fromMs: 41 * HOUR,
    everyMs: 10_000,
    times: 5,
    each: (index: number) =>
      page('sales-0', 'sales', ['payroll', 'pensions', 'salaries', 'shares'][index % 4] ?? '', 'high'),
  },
  {
    who: 'sales-1',
    fromMs: 41 * HOUR,
    everyMs: 10_000,
    times: 5,
    each: () => page('sales-1', 'sales', 'payroll', 'high'),
  },
  {
    who: 'pay-0',
    fromMs: 41 * HOUR,
    everyMs: 10_000,
    times: 5,
    each: () => page('pay-0', 'people-team', 'payroll', 'high'),
  },
]

detectorScenario('rare-resource', {
  decisions: story(...sales, ...payroll, ...reach),
  finds: 'a salesperson in payroll, pensions and salaries, at the third',
  found: [['user:sales-0', 'MEDIUM', '2026-01-02T17:00:20.000Z']],
  spares: 'who reads payroll alone, and one of the people team, whose peers use it',
  bystanders: ['user:sales-1', 'user:pay-0'],
  also: ([finding]) =>
    expect(finding?.evidence).toMatchObject({ first_time_for_subject: true, sensitivity: 'high' }),
})

describe('rare resource', () => {
  it('who takes up three things alone is found; who joins what four colleagues began in these days is not, also when some of theirs come late', () => {
    const closing = (who: string, fromMs: number) => ({
      who,
      fromMs,
      everyMs: 10_000,
      times: 3,
      each: (index: number) =>
        page(who, 'people-team', ['closing', 'release', 'consolidation'][index % 3] ?? '', 'high'),
    })
    const colleagues = ['pay-0', 'pay-1', 'pay-2', 'pay-3'].map((who, index) =>
      closing(who, (41 + index) * HOUR),
    )
    const finds = (decisions: Parameters<typeof play>[0]) => {
      const { findings } = play(decisions)
      return findings.some((f) => f.detector.id === 'rare-resource' && f.entity.id === 'user:pay-4')
    }
    const joined = story(...sales, ...payroll, ...colleagues, closing('pay-4', 46 * HOUR))
    const late = joined.filter((each) => each.subject.id === 'pay-3' && each.resource.id === '/closing')
    const rest = joined.filter((each) => !late.includes(each))
    expect(finds(story(...sales, ...payroll, closing('pay-4', 46 * HOUR)))).toBe(true)
    expect(finds(joined)).toBe(false)
    expect(finds([...rest.slice(0, -1), ...late, ...rest.slice(-1)])).toBe(false)
  })
})

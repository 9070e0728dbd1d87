import { describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../schemas/decision.ts'
import { CHROME, DAY, FIREFOX, HOUR, MINUTE, play, story, type Part } from '../support/scoring/play.ts'
import {
  enrichByProvider as enrich,
  fromProvider as from,
  habit,
} from '../support/scoring/three-providers.ts'

/** The scores that one detector gave somebody, by day after the habit's twenty. */
function scores(detector: string, who: string, parts: readonly Part[]): { day: number; score: number }[] {
  return play(story(...parts), { enrich })
    .scored.filter(({ decision }) => decision.subject.id === who && decision.decided_at >= '2026-01-21')
    .map(({ decision, scores: all }) => ({
      day: Math.floor((Date.parse(decision.decided_at) - Date.parse('2026-01-21')) / DAY),
      score: all[detector] ?? 0,
    }))
}
const ofDay = (all: readonly { day: number; score: number }[], day: number) =>
  all.filter((each) => each.day === day).map(({ score }) => score)

describe('a slow attacker who feeds the baseline', () => {
  const thief = (fromDay: number, days: number, network: number, agent: string): Part[] =>
    Array.from({ length: days }, (_, day) => ({
      who: 'alice',
      fromMs: (20 + fromDay + day) * DAY + 17 * HOUR,
      everyMs: 10 * MINUTE,
      times: 12,
      each: () => from(network, agent),
    }))

  it('first brings the network, then the client: neither is learnt within the day, and both together are found', () => {
    const context = scores('unfamiliar-context', 'alice', [
      ...habit('alice'),
      ...habit('bob'),
      ...thief(0, 1, 2, FIREFOX).map((part) => ({ ...part, fromMs: (part.fromMs ?? 0) - 3 * HOUR })),
      ...thief(0, 1, 2, CHROME),
    ])
    expect(Math.max(...ofDay(context, 0).slice(0, 12))).toBeLessThan(4)
    expect(Math.min(...ofDay(context, 0).slice(12))).toBeGreaterThan(4)
  })

  it('brings both for days: is found on each of three, and learnt only after they have passed', () => {
    const context = scores('unfamiliar-context', 'alice', [
      ...habit('alice'),
      ...habit('bob'),
      ...thief(0, 6, 2, CHROME),
    ])
    for (const day of [0, 1, 2]) expect(Math.min(...ofDay(context, day))).toBeGreaterThan(4)
    expect(Math.max(...ofDay(context, 5))).toBeLessThan(4)
  })

  it('is never learnt while the account is held to be at risk', () => {
    const parts = thief(0, 6, 2, CHROME).map((part) => ({
      ...part,
      each: () => ({
        ...from(2, CHROME),
        risk_at_decision: { score: 60, level: 'MEDIUM' as const, revision: 1, age_ms: 10 },
      }),
    }))
    const context = scores('unfamiliar-context', 'alice', [...habit('alice'), ...habit('bob'), ...parts])
    expect(Math.min(...context.map(({ score }) => score))).toBeGreaterThan(4)
  })

  const at = (path: string, sensitivity: 'medium' | 'high'): Partial<DecisionInput> => ({
    ...from(1, FIREFOX),
    resource: { type: 'http', id: path, app: 'wiki', path_template: path, sensitivity },
  })
  const pages = habit('carol', (index) => at(`/page/${index % 4}`, 'medium'))

  it('uses what is rare again and again: it stays rare for three days, however often, and bystanders are not found', () => {
    const parts = Array.from({ length: 6 }, (_, day) => ({
      who: 'carol',
      fromMs: (20 + day) * DAY + 17 * HOUR,
      everyMs: 20 * MINUTE,
      times: 18,
      each: () => at('/vault', 'high'),
    }))
    const peers = Array.from({ length: 12 }, (_, index) =>
      habit(`peer-${index}`, (page) => at(`/page/${page % 4}`, 'medium')),
    ).flat()
    const all = [...peers, ...pages, ...parts]
    const rare = scores('rare-resource', 'carol', all)
    for (const day of [0, 1, 2]) expect(Math.min(...ofDay(rare, day))).toBeGreaterThan(7)
    expect(Math.max(...ofDay(rare, 5))).toBeLessThan(7)
    const findings = play(story(...all), { enrich }).findings
    expect(new Set(findings.map(({ entity }) => entity.id))).toEqual(new Set(['user:carol']))
  })

  it('takes a little more every day: the sum of small rises is found, and who takes as much as ever is not', () => {
    const days = (who: string, growth: number): Part[] =>
      Array.from({ length: 45 }, (_, day) => ({
        who,
        fromMs: day * DAY + 9 * HOUR,
        everyMs: 3 * MINUTE,
        times: Math.round(20 * (day < 20 ? 1 + (day % 3) * 0.1 : growth ** (day - 20))),
        each: () => from(1, FIREFOX),
      }))
    const found = play(story(...days('dave', 1.08), ...days('erin', 1)), { enrich }).findings
    expect(new Set(found.map(({ detector, entity }) => `${detector.id} ${entity.id}`))).toEqual(
      new Set(['volume user:dave']),
    )
  })
})

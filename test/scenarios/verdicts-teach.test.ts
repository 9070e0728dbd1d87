import { describe, expect, it } from 'vitest'
import type { Calibration } from '../../schemas/calibration.ts'
import { decisionKey, type Decision } from '../../schemas/decision.ts'
import { accessDecisions, accessScored } from '../../schemas/topics.ts'
import { Readings } from '../../services/scoring/calibration/reading.ts'
import { replayWorker } from '../../services/scoring/replay/replay-worker.ts'
import { subjectStage } from '../../services/scoring/worker.ts'
import { CHROME, DAY, HOUR, MINUTE, partsOf, story, type Part } from '../support/scoring/play.ts'
import {
  enrichByProvider as enrich,
  fromProvider as from,
  habit,
} from '../support/scoring/three-providers.ts'

const START = Date.parse('2026-01-01T00:00:00.000Z')
/** Hours in the evening of a day after that, elsewhere. */
const evening = (day: number, network: number, risk?: 'MEDIUM'): Part => ({
  who: 'alice',
  fromMs: (20 + day) * DAY + 17 * HOUR,
  everyMs: 10 * MINUTE,
  times: 12,
  each: () => ({
    ...from(network, CHROME),
    ...(risk === undefined ? {} : { risk_at_decision: { score: 60, level: risk, revision: 1, age_ms: 10 } }),
  }),
})

type Said = Pick<Calibration, 'safe' | 'dropped'>
/** A verdict on alice, given in the night after a day. */
const verdict = (day: number) => ({
  entity: 'user:alice',
  at: new Date(START + (20 + day) * DAY + 20 * HOUR).toISOString(),
  until: new Date(START + 60 * DAY).toISOString(),
})
const safe = (day: number): Said => ({
  safe: [{ ...verdict(day), detectors: ['unfamiliar-context', 'impossible-travel'] }],
})
const dropped = (day: number): Said => ({ dropped: [verdict(day)] })

/** The highest and the last score of `unfamiliar-context` on each evening, with a verdict in the night after the first one. */
function evenings(said: Said, parts: readonly Part[]): { most: number; last: number }[] {
  const stage = subjectStage(enrich)
  const worker = replayWorker(stage, 1)
  const before: Calibration = {
    version: 1,
    made_at: new Date(START).toISOString(),
    budget_per_day: 9,
    days: 0,
    threshold_nats: null,
    tables: [],
  }
  const [first, later] = [before, { ...before, version: 2, ...said }].map(
    (calibration) => new Readings(stage.detectors, calibration),
  )
  const decisions = story(...habit('alice'), ...habit('bob'), ...parts)
  const nightMs = START + 20 * DAY + 21 * HOUR
  const byDay = new Map<number, number[]>()
  const play = (some: readonly Decision[], readings: Readings | undefined) => {
    const values = some.map((each) => ({ key: decisionKey(each), value: JSON.stringify(each) }))
    for (const part of partsOf(accessDecisions, values, 50))
      for (const { topic, value } of worker(part, () => readings ?? new Readings([])).outputs) {
        if (topic !== accessScored) continue
        const { decision, scores } = accessScored.schema.parse(JSON.parse(String(value)))
        const day = Math.floor((Date.parse(decision.decided_at) - START) / DAY) - 20
        if (day >= 0) byDay.set(day, [...(byDay.get(day) ?? []), scores['unfamiliar-context'] ?? 0])
      }
  }
  play(
    decisions.filter(({ decided_at }) => Date.parse(decided_at) < nightMs),
    first,
  )
  play(
    decisions.filter(({ decided_at }) => Date.parse(decided_at) >= nightMs),
    later,
  )
  return [...byDay]
    .sort(([a], [b]) => a - b)
    .map(([, each]) => ({ most: Math.max(...each), last: each.at(-1) ?? 0 }))
}

const STRANGE = 4

describe('a verdict on a story', () => {
  const travel = [0, 1, 2, 3].map((day) => evening(day, 2))

  it('that it was harmless lets what waited be learnt when it comes next; without a word that takes three days', () => {
    const [first, second] = evenings(safe(0), travel)
    expect(first?.last).toBeGreaterThan(STRANGE)
    expect(second?.last).toBeLessThan(STRANGE)
    const silent = evenings({}, travel)
    expect(silent.slice(0, 3).every(({ last }) => last > STRANGE)).toBe(true)
  })

  it('that it was harmless holds as well for what came while the subject was held to be at risk', () => {
    const [, second] = evenings(safe(0), [evening(0, 2, 'MEDIUM'), evening(1, 2)])
    expect(second?.last).toBeLessThan(STRANGE)
  })

  it('that it was harmless teaches nothing of what comes anew: a thief after it waits as ever, and is found on each day', () => {
    const thief = evenings(safe(0), [evening(0, 2), evening(1, 3), evening(2, 3), evening(3, 3)])
    expect(thief.slice(1).every(({ last }) => last > STRANGE)).toBe(true)
  })

  it('that it was an attack drops what waited: the thief who comes back begins to wait anew', () => {
    expect(evenings({}, travel)[3]?.last).toBeLessThan(STRANGE)
    expect(evenings(dropped(0), travel).every(({ last }) => last > STRANGE)).toBe(true)
  })

  it('that it was an attack drops nothing of what begins after it', () => {
    const parts = [evening(0, 3), ...[1, 2, 3, 4, 5].map((day) => evening(day, 2))]
    expect(evenings(dropped(0), parts)[5]?.last).toBe(evenings({}, parts)[5]?.last)
  })
})

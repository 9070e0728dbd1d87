import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Decision, DecisionInput } from '../../../../schemas/decision.ts'
import { subjectDetectors } from '../../../../services/scoring/subject-stage.ts'
import { sourceDetectors } from '../../../../services/scoring/source-stage.ts'
import {
  BERLIN_IP,
  CHROME,
  CLOUD_IP,
  DAY,
  decisionOf,
  HOUR,
  LONDON_IP,
  MINUTE,
  NEW_YORK_IP,
  play,
  testEnrich,
  TOKYO_IP,
} from '../../../support/scoring/play.ts'

type Step = readonly [atMs: number, over?: Partial<DecisionInput>]

/** The scores that one detector gives the decisions of one subject, in the order given. */
function scores(detector: string, steps: readonly Step[], who = 'alice', enrich = testEnrich()): number[] {
  const decisions = steps.map(([atMs, over], index) => decisionOf(who, atMs, { id: `d-${index}`, ...over }))
  return play(decisions, { enrich }).scored.map((each) => each.scores[detector] ?? 0)
}

const deny: Partial<DecisionInput> = { outcome: 'deny' }
const from = (ip: string, user_agent?: string): Partial<DecisionInput> => ({
  context: user_agent === undefined ? { ip } : { ip, user_agent },
})
const wrong = (ip = BERLIN_IP): Partial<DecisionInput> => ({
  outcome: 'deny',
  reasons: ['credentials_rejected'],
  action: { name: 'sign_in' },
  context: { ip },
})
const round = (value: number | undefined) => Math.round((value ?? NaN) * 10) / 10

describe('every detector', () => {
  it('has an id of its own, rising thresholds and a version', () => {
    const all = [...subjectDetectors(), ...sourceDetectors()]
    expect(new Set(all.map((each) => each.id)).size).toBe(all.length)
    for (const { id, thresholds, version } of all) {
      expect(id).toMatch(/^[a-z-]+$/)
      expect(thresholds.high).toBeGreaterThan(thresholds.medium)
      expect(version).toBeGreaterThanOrEqual(1)
    }
  })

  it.each([...subjectDetectors(), ...sourceDetectors()].map(({ id }) => id))(
    '%s has a scenario that it finds, a bystander that it does not, and both late and out of order',
    async (id) => {
      const scenarios = await readFile(new URL(`../../../scenarios/${id}.test.ts`, import.meta.url), 'utf8')
      expect(scenarios).toContain(`\ndetectorScenario('${id}', {`)
    },
  )

  it('scores the first decision of anybody 0', () => {
    const { scored } = play([decisionOf('alice', 0)])
    expect(scored[0]?.scores).toEqual({})
  })
})

describe('denied burst', () => {
  it('gives the documented figures: 100 refusals in 10 seconds', () => {
    const all = scores(
      'denied-burst',
      Array.from({ length: 100 }, (_, i) => [i * 100, deny] as const),
    )
    expect([round(all[15]), round(all[62])]).toEqual([15.8, 60.7])
  })

  it.each<[string, Step[], number]>([
    ['a permit', [[0, deny], [1000]], 0],
    ['a slow drip', Array.from({ length: 30 }, (_, i): Step => [i * 2 * MINUTE, deny]), 1.3],
    [
      'a burst after one that has decayed',
      [...Array.from({ length: 20 }, (_, i): Step => [i * 100, deny]), [HOUR, deny]],
      1,
    ],
    [
      'a late refusal',
      [
        [0, deny],
        [MINUTE, deny],
        [30_000, deny],
      ],
      2.5,
    ],
    [
      'a refusal that our own feedback caused',
      [
        [0, deny],
        [1000, { ...deny, caused_by: 'risk_feedback' }],
      ],
      0,
    ],
    [
      'wrong passwords for an account never used',
      Array.from({ length: 50 }, (_, i): Step => [i * 1000, wrong()]),
      0,
    ],
  ])('scores low: %s', (_title, steps, expected) => {
    expect(round(scores('denied-burst', steps).at(-1))).toBe(expected)
  })

  it('grows used to a client that is always refused', () => {
    const week = Array.from({ length: 7 * 24 * 30 }, (_, i): Step => [i * 2 * MINUTE, deny])
    const burst = Array.from({ length: 12 }, (_, i): Step => [7 * DAY + i * 2000, deny])
    expect(scores('denied-burst', [...week, ...burst]).at(-1)).toBeLessThan(10)
  })
})

describe('success after failures', () => {
  const run = (times: number, ip?: string) =>
    Array.from({ length: times }, (_, i): Step => [i * 3000, wrong(ip)])

  it('gives the documented figure: 20 failures within a minute, then a success', () => {
    expect(round(scores('success-after-failures', [...run(20), [60_000]]).at(-1))).toBe(19.5)
  })

  it.each<[string, Step[], boolean]>([
    ['a success from the source that failed', [...run(8), [30_000]], true],
    [
      'a success from a third source, failures from two',
      [...run(4), ...run(4, TOKYO_IP), [30_000, from(LONDON_IP)]],
      true,
    ],
    ['three typing mistakes', [...run(3), [30_000]], false],
    ['failures hours ago', [...run(8), [6 * HOUR]], false],
    ['the owner at home while somebody elsewhere guesses', [[-HOUR], ...run(20, TOKYO_IP), [70_000]], false],
    [
      'a session that began before the run',
      [
        ...run(20, BERLIN_IP),
        [70_000, { subject: { type: 'user', id: 'alice', authenticated_at: '2025-12-31T23:00:00.000Z' } }],
      ],
      false,
    ],
    [
      'refusals by policy',
      [...Array.from({ length: 20 }, (_, i): Step => [i * 1000, deny]), [30_000]],
      false,
    ],
    [
      'failures that our own feedback caused',
      [...run(8).map(([at, over]): Step => [at, { ...over, caused_by: 'risk_feedback' }]), [30_000]],
      false,
    ],
  ])('%s: %s', (_title, steps, found) => {
    expect((scores('success-after-failures', steps).at(-1) ?? 0) >= 5).toBe(found)
  })

  it('ends the run with the success, so that the next one is calm', () => {
    expect(scores('success-after-failures', [...run(8), [30_000], [31_000]]).at(-1)).toBe(0)
  })
})

describe('impossible travel', () => {
  it('gives the documented figures: New York 60 minutes after Berlin, and 8 hours after', () => {
    expect(scores('impossible-travel', [[0], [HOUR, from(NEW_YORK_IP)]]).at(-1)).toBe(3)
    expect(scores('impossible-travel', [[0], [8 * HOUR, from(NEW_YORK_IP)]]).at(-1)).toBe(0)
  })

  it('judges a late event by its neighbours on both sides, there and back being stronger', () => {
    const [, , late] = scores('impossible-travel', [[0], [10 * MINUTE], [5 * MINUTE, from(NEW_YORK_IP)]])
    expect(late).toBe(4.5)
  })

  it.each<[string, Step[], number]>([
    ['a wrong password from far away says nothing of the owner', [[0], [HOUR, wrong(NEW_YORK_IP)]], 0],
    ['a refusal by policy far away does', [[0], [HOUR, { ...from(NEW_YORK_IP), ...deny }]], 3],
    [
      'two refusals do not: nobody got in',
      [
        [0, deny],
        [HOUR, { ...from(NEW_YORK_IP), ...deny }],
      ],
      0,
    ],
    ['hosting is no anchor', [[0], [HOUR, from(CLOUD_IP)]], 0],
    ['London is near enough', [[0], [2 * HOUR, from(LONDON_IP)]], 0],
    [
      'the same device makes it small',
      [
        [0, { device: { id: 'laptop' } }],
        [HOUR, { ...from(NEW_YORK_IP), device: { id: 'laptop' } }],
      ],
      0.6,
    ],
    [
      'the same session with another client is a replayed token',
      [
        [0, { subject: { type: 'user', id: 'alice', session_id: 's' } }],
        [HOUR, { ...from(NEW_YORK_IP, CHROME), subject: { type: 'user', id: 'alice', session_id: 's' } }],
      ],
      6,
    ],
  ])('%s', (_title, steps, expected) => {
    expect(scores('impossible-travel', steps).at(-1)).toBe(expected)
  })

  it('behind a shared exit scores a tenth, and keeps what the gate took away', () => {
    const decisions: Decision[] = ['bob', 'carol', 'dave'].map((who, i) =>
      decisionOf(who, i * 1000, from(NEW_YORK_IP)),
    )
    decisions.push(decisionOf('alice', 0), decisionOf('alice', HOUR, { ...from(NEW_YORK_IP), id: 'gated' }))
    const { scored, findings } = play(decisions)
    expect(scored.find((each) => each.decision.id === 'gated')?.scores).toMatchObject({
      'impossible-travel': 0.3,
      'impossible-travel.ungated': 3,
      'impossible-travel.gate.shared_egress': 0.1,
    })
    expect(findings).toEqual([])
  })

  it('learns two homes: the third day of commuting between them is a habit', () => {
    const days = Array.from({ length: 4 }, (_, day): Step[] => [
      [day * DAY],
      [day * DAY + 2 * HOUR, from(NEW_YORK_IP)],
      [day * DAY + 3 * HOUR, from(NEW_YORK_IP)],
    ]).flat()
    const all = scores('impossible-travel', days)
    expect(all[1]).toBeGreaterThan(2.5)
    expect(all.at(-2)).toBeLessThan(1)
  })
})

describe('unfamiliar context', () => {
  const habit = (times: number): Step[] => Array.from({ length: times }, (_, i): Step => [i * 10 * MINUTE])

  it('gives the documented figures', () => {
    const after = 28 * 10 * MINUTE
    const both = scores('unfamiliar-context', [...habit(28), [after, from(LONDON_IP, CHROME)]]).at(-1)
    expect(round(both)).toBe(5.4)
    const network = scores('unfamiliar-context', [
      ...habit(28),
      [after, { context: { ip: LONDON_IP, user_agent: decisionOf('a', 0).context?.user_agent ?? '' } }],
    ]).at(-1)
    expect(round(network)).toBe(2.7)
  })

  it('is neutral with no history, and about its own place', () => {
    const all = scores('unfamiliar-context', habit(20))
    expect(all[0]).toBe(0)
    expect(Math.max(...all)).toBeLessThan(1)
  })

  it('counts a context once in ten minutes, however many requests', () => {
    const busy = Array.from({ length: 500 }, (_, i): Step => [i * 1000])
    expect(scores('unfamiliar-context', [...busy, [510_000, from(LONDON_IP, CHROME)]]).at(-1)).toBeLessThan(2)
  })

  it('does not learn from what was refused', () => {
    const refused = Array.from({ length: 20 }, (_, i): Step => [
      (30 + i) * 10 * MINUTE,
      { ...from(LONDON_IP, CHROME), ...deny },
    ])
    expect(
      scores('unfamiliar-context', [
        ...habit(30),
        ...refused,
        [51 * 10 * MINUTE, from(LONDON_IP, CHROME)],
      ]).at(-1),
    ).toBeGreaterThan(4)
  })

  it('does not learn a thief who keeps trying', () => {
    const thief = Array.from({ length: 20 }, (_, i): Step => [
      (30 + i) * 10 * MINUTE,
      from(LONDON_IP, CHROME),
    ])
    expect(scores('unfamiliar-context', [...habit(30), ...thief]).at(-1)).toBeGreaterThan(4)
  })
})

describe('rare resource', () => {
  const page = (
    name: string,
    sensitivity: 'low' | 'medium' | 'high' = 'medium',
    groups = ['sales'],
  ): Partial<DecisionInput> => ({
    resource: { type: 'http', id: `/${name}`, app: 'crm', path_template: `/${name}`, sensitivity },
    subject: { type: 'user', id: 'alice', groups },
  })
  const own = Array.from({ length: 50 }, (_, i): Step => [i * HOUR, page(`page-${i % 5}`)])
  const peers = (name: string) =>
    Array.from({ length: 20 }, (_, i) =>
      decisionOf(`peer-${i}`, i * 1000, {
        ...page(name),
        subject: { type: 'user', id: `peer-${i}`, groups: ['sales'] },
      }),
    )
  const scoreOf = (last: Partial<DecisionInput>, peersUse: string) => {
    const mine = own.map(([at, over], i) => decisionOf('alice', at, { id: `o-${i}`, ...over }))
    const decisions = [...peers(peersUse), ...mine, decisionOf('alice', 51 * HOUR, { id: 'last', ...last })]
    return play(decisions).scored.at(-1)?.scores['rare-resource']
  }

  it('gives the documented figures', () => {
    expect(round(scoreOf(page('payroll', 'high'), 'page-1'))).toBe(12.3)
    expect(round(scoreOf(page('payroll', 'medium'), 'page-1'))).toBe(7.4)
  })

  it.each<[string, Partial<DecisionInput>, string]>([
    ['peers use it', page('payroll', 'high'), 'payroll'],
    ['it is harmless', page('canteen', 'low'), 'page-1'],
    ['it is an own habit', page('page-1', 'high'), 'page-1'],
  ])('stays below the threshold when %s', (_title, last, peersUse) => {
    expect(scoreOf(last, peersUse)).toBeLessThan(8)
  })

  it('says nothing of an explorer, nor of somebody new', () => {
    const explorer = Array.from({ length: 40 }, (_, i): Step => [i * HOUR, page(`place-${i}`)])
    expect(scores('rare-resource', [...explorer, [41 * HOUR, page('payroll', 'high')]]).at(-1)).toBeLessThan(
      8,
    )
    expect(
      scores('rare-resource', [
        [0, page('a')],
        [HOUR, page('payroll', 'high')],
      ]).at(-1),
    ).toBe(0)
  })
})

describe('the documented figures of', () => {
  const inSession = { subject: { type: 'user' as const, id: 'alice', session_id: 's' } }
  const refusedCode: Partial<DecisionInput> = {
    outcome: 'deny',
    reasons: ['mfa_rejected'],
    action: { name: 'sign_in' },
  }

  it('session replay', () => {
    const all = scores('session-replay', [
      [0, inSession],
      [MINUTE, { ...inSession, ...from(TOKYO_IP, CHROME) }],
    ])
    expect(all).toEqual([0, 5])
  })

  it('MFA fatigue', () => {
    const run = Array.from({ length: 8 }, (_, i): Step => [i * 15_000, refusedCode])
    const all = scores('mfa-fatigue', [...run, [165_000, { action: { name: 'sign_in' } }]])
    expect(all.slice(-2).map(round)).toEqual([7.8, 10.7])
  })

  it('dormant account', () => {
    const used = Array.from({ length: 8 }, (_, i): Step => [i * DAY])
    const back = 67 * DAY
    expect(scores('dormant-account', [...used, [back, from(LONDON_IP, CHROME)]]).at(-1)).toBe(60)
    const sameBrowser = decisionOf('a', 0).context?.user_agent ?? ''
    expect(scores('dormant-account', [...used, [back, from(LONDON_IP, sameBrowser)]]).at(-1)).toBe(30)
  })

  it('interactive use of a service account', () => {
    const service = { type: 'service' as const, id: 'backup' }
    const program = { subject: service, context: { ip: BERLIN_IP, user_agent: 'curl/8.5' } }
    const runs = Array.from({ length: 200 }, (_, i): Step => [i * MINUTE, program])
    const all = scores('service-interactive', [
      ...runs,
      [4 * HOUR, { subject: service }],
      [DAY, { subject: service }],
    ])
    expect([round(all.at(-2)), round(all.at(-1))]).toEqual([7.7, 3.9])
  })

  it('posture fall', () => {
    const device = { id: 'laptop', posture: 'compliant' as const }
    const resource = { type: 'http', id: '/payroll', sensitivity: 'high' as const }
    const all = scores('posture-fall', [
      [0, { device }],
      [HOUR, { device: { ...device, posture: 'not_compliant' }, resource }],
    ])
    expect(all).toEqual([0, 4])
  })

  it('known-bad source', () => {
    const days = Array.from({ length: 4 }, (_, day): Step => [day * DAY])
    const enrich = testEnrich(undefined, [`${LONDON_IP}/32`])
    expect(scores('known-bad-source', [...days, [4 * DAY, from(LONDON_IP)]], 'alice', enrich).at(-1)).toBe(6)
  })

  it('enumeration, within its error', () => {
    const record = (id: number) => ({ resource: { type: 'http', id: `/${id}`, app: 'records' } })
    const habit = Array.from({ length: 40 }, (_, i): Step => [i * 150_000, record(i % 4)])
    const walk = Array.from({ length: 100 }, (_, i): Step => [DAY + i * 1000, record(1000 + i)])
    const last = scores('enumeration', [...habit, ...walk]).at(-1) ?? 0
    expect(Math.abs(last - 4.5)).toBeLessThan(0.5)
  })

  it('volume, about', () => {
    const hours = Array.from({ length: 60 }, (_, hour) =>
      Array.from({ length: 12 + (hour % 2) * 24 }, (_each, i): Step => [hour * HOUR + i * MINUTE]),
    ).flat()
    const copy = Array.from({ length: 300 }, (_, i): Step => [100 * HOUR + i * 1000])
    expect(Math.abs((scores('volume', [...hours, ...copy]).at(-1) ?? 0) - 40)).toBeLessThan(10)
  })

  it('off-hours', () => {
    const resource = { type: 'http', id: '/payroll', sensitivity: 'high' as const }
    // The first of January 2026 is a Thursday.
    const weekdays = Array.from({ length: 14 }, (_, day) => day).filter(
      (day) => day % 7 !== 2 && day % 7 !== 3,
    )
    const office = weekdays.flatMap((day) =>
      Array.from({ length: 10 }, (_, i): Step => [day * DAY + (8 + i) * HOUR, { resource }]),
    )
    const night = scores('off-hours', [...office, [14 * DAY + 2 * HOUR, { resource }]]).at(-1) ?? 0
    expect(Math.abs(night - 3.9)).toBeLessThan(0.15)
  })
})

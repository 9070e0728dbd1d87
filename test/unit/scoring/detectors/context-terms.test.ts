import { describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../../../schemas/decision.ts'
import {
  CAFE_IP,
  daily,
  from,
  lastScore,
  RELAY_IP,
  ROAMING_IP,
  SATELLITE_IP,
  SEATTLE_CARRIER_IP,
  session,
  type Step,
  TETHER_IP,
  TOKYO_CARRIER_IP,
  TUNNEL_IP,
} from '../../../support/scoring/last-score.ts'
import {
  BERLIN_IP,
  CHROME,
  CLOUD_IP,
  DAY,
  FIREFOX,
  HOUR,
  LONDON_IP,
  MINUTE,
  NEW_YORK_IP,
  OFFICE_IP,
  TOKYO_IP,
} from '../../../support/scoring/play.ts'

/** Each term and gate by itself: the last decision's score is what the formula says, and another one without it. */

describe('impossible travel', () => {
  const fiveDays = daily(5, from(NEW_YORK_IP))
  it.each<[string, Step[], Record<string, number>]>([
    [
      'a carrier within one country',
      [...fiveDays, [4 * DAY + HOUR, from(SEATTLE_CARRIER_IP)]],
      { score: 0.6, ungated: 3, mobile_carrier: 0.2 },
    ],
    ['a carrier in another one', [...fiveDays, [4 * DAY + HOUR, from(TOKYO_CARRIER_IP)]], { score: 3 }],
    [
      'a session that goes on in the same client, on no device',
      [
        ...daily(5, from(NEW_YORK_IP, FIREFOX, session('s'))),
        [4 * DAY + HOUR, from(TOKYO_IP, FIREFOX, session('s'))],
      ],
      { score: 0.6, ungated: 3, same_session: 0.2 },
    ],
    [
      'two clients of somebody hardly known',
      [...daily(3, from(NEW_YORK_IP)), [2 * DAY + HOUR, from(TOKYO_IP, CHROME)]],
      { score: 0.6, ungated: 3, first_days: 0.2 },
    ],
    ['two clients of somebody known', [...fiveDays, [4 * DAY + HOUR, from(TOKYO_IP, CHROME)]], { score: 3 }],
    [
      'one end shared, and a client that is not the subject’s',
      [...fiveDays, [4 * DAY + HOUR, from(OFFICE_IP, CHROME)]],
      { score: 1.5 },
    ],
    [
      'a private relay',
      [...fiveDays, [4 * DAY + HOUR, from(RELAY_IP)]],
      { score: 0.06, ungated: 3, relay_network: 0.02 },
    ],
    [
      'two hours from New York to London, with a relay between them that is no place',
      [...fiveDays, [4 * DAY + HOUR, from(RELAY_IP)], [4 * DAY + 2 * HOUR, from(LONDON_IP)]],
      { score: 2.47 },
    ],
    [
      'a satellite',
      [...fiveDays, [4 * DAY + HOUR, from(SATELLITE_IP)]],
      { score: 0.06, ungated: 3, satellite_network: 0.02 },
    ],
  ])('%s', (_title, steps, expected) => {
    expect(lastScore('impossible-travel', steps)).toEqual(expected)
  })
})

describe('unfamiliar context', () => {
  const habit = Array.from({ length: 28 }, (_, nth): Step => [nth * 10 * MINUTE, from(BERLIN_IP)])
  const then = (over: Partial<DecisionInput>, more: readonly Step[] = [], atMs = 5 * HOUR) =>
    lastScore('unfamiliar-context', [...habit, ...more, [atMs, over]])['score'] ?? 0

  it('backs off from the prefix to its operator, and from the version to browser and system', () => {
    // Abroad with her own provider, and with another one.
    expect(then(from(ROAMING_IP))).toBeLessThan(0.5 * then(from(TOKYO_IP)))
    const newer = FIREFOX.replaceAll('140', '141')
    const otherSystem = newer.replace('X11; Linux x86_64', 'Windows NT 10.0; Win64; x64')
    expect(then(from(BERLIN_IP, newer))).toBeLessThan(0.5 * then(from(BERLIN_IP, otherSystem)))
    expect(then(from(BERLIN_IP, otherSystem))).toBeLessThan(0.5 * then(from(BERLIN_IP, CHROME)))
    const sameSystem = CHROME.replace('Windows NT 10.0; Win64; x64', 'X11; Linux x86_64')
    expect(then(from(BERLIN_IP, sameSystem))).toBeLessThan(0.75 * then(from(BERLIN_IP, CHROME)))
  })

  it('a hosting network that is new says half a nat more', () => {
    expect(then(from(CLOUD_IP)) - then(from(NEW_YORK_IP))).toBeCloseTo(0.5, 1)
  })

  it('a session that goes on in its browser counts half', () => {
    const of = (id: string) => session(id)
    const begun: Step[] = [[4.8 * HOUR, from(BERLIN_IP, FIREFOX, of('s'))]]
    const other = then(from(LONDON_IP, FIREFOX, of('t')), begun)
    expect(then(from(LONDON_IP, FIREFOX, of('s')), begun)).toBeCloseTo(other / 2, 1)
  })

  it('learns at once what was proved with a key that cannot be phished', () => {
    const away = (amr: string[]): Partial<DecisionInput> =>
      from(LONDON_IP, CHROME, {
        subject: { type: 'user', id: 'alice', amr, authenticated_at: '2026-01-01T04:40:00.000Z' },
      })
    const after = (amr: string[]) =>
      then(
        from(LONDON_IP, CHROME),
        [4.7, 4.87, 5.04].map((hour): Step => [hour * HOUR, away(amr)]),
        5.3 * HOUR,
      )
    expect(after(['hwk'])).toBeLessThan(after(['pwd']) - 1)
  })

  it('forgets by half in a month', () => {
    const before = Array.from({ length: 28 }, (_, nth): Step => [nth * 10 * MINUTE, from(BERLIN_IP)])
    const once = (atMs: number) =>
      lastScore('unfamiliar-context', [...before, [atMs, from(LONDON_IP, CHROME)]])['score'] ?? 0
    expect(once(61 * DAY)).toBeCloseTo(2 * Math.log((28 / 4 + 2) / 2), 0)
    expect(once(5 * HOUR)).toBeCloseTo(2 * Math.log((28 + 2) / 2), 0)
  })

  it('says nothing of a wrong password', () => {
    const wrong = {
      outcome: 'deny' as const,
      reasons: ['credentials_rejected' as const],
      action: { name: 'sign_in' },
    }
    expect(then(from(LONDON_IP, CHROME, wrong))).toBe(0)
  })
})

describe('concurrent use', () => {
  const own = { device: { id: 'own' } }
  /** Four days at one place, and on the fourth elsewhere for a moment, and back. */
  const between = (here: string, there: string): Step[] => [
    ...daily(4, from(here)),
    [3 * DAY + 10 * MINUTE, from(there, CHROME, own)],
    [3 * DAY + 20 * MINUTE, from(here)],
    [3 * DAY + 30 * MINUTE, from(there, CHROME, own)],
  ]
  const everybody = [OFFICE_IP, TUNNEL_IP].flatMap((ip) =>
    ['bob', 'carol', 'dave'].map((who): Step => [0, from(ip), who]),
  )
  it.each<[string, Step[], Record<string, number>]>([
    ['at two networks of the town', between(BERLIN_IP, CAFE_IP), { score: 4 }],
    [
      'through two exits of the company',
      [...everybody, ...between(OFFICE_IP, TUNNEL_IP)],
      { score: 0.15, ungated: 3, split_tunnel: 0.1, usual: 0.5 },
    ],
    ['through a telephone', between(BERLIN_IP, TETHER_IP), { score: 1.2, ungated: 4, tethered: 0.3 }],
  ])('%s', (_title, steps, expected) => {
    expect(lastScore('concurrent-use', steps)).toEqual(expected)
  })
})

describe('session replay', () => {
  it('says less of somebody whose sessions wander all the time, and nothing of programs', () => {
    const wander = (nth: number): Step[] => [
      [nth * HOUR, from(BERLIN_IP, FIREFOX, session(`s-${nth}`))],
      [nth * HOUR + MINUTE, from(TOKYO_IP, CHROME, session(`s-${nth}`))],
    ]
    expect(lastScore('session-replay', wander(0))).toEqual({ score: 5 })
    expect(lastScore('session-replay', [0, 1, 2].flatMap(wander))).toEqual({
      score: 2.5,
      ungated: 5,
      wanders_often: 0.5,
    })
    const token = { subject: { type: 'service' as const, id: 'alice', session_id: 's' } }
    const shared: Step[] = [
      [0, from(BERLIN_IP, FIREFOX, token)],
      [MINUTE, from(TOKYO_IP, CHROME, token)],
    ]
    expect(lastScore('session-replay', shared)).toEqual({})
  })
})

describe('dormant account', () => {
  it('the rest of the day of the return says as much as its first decision', () => {
    const back: Step[] = [0, 5, 60].map((minute) => [70 * DAY + minute * MINUTE, from(LONDON_IP, CHROME)])
    expect(lastScore('dormant-account', [...daily(8), ...back])['score']).toBe(63)
    expect(
      lastScore('dormant-account', [...daily(8), ...back, [71 * DAY + HOUR, from(LONDON_IP, CHROME)]]),
    ).toEqual({})
  })
})

describe('unknown device', () => {
  const PHONE =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1'
  const laptop = (ip = BERLIN_IP) => from(ip, FIREFOX, { device: { id: 'laptop' } })
  const known = Array.from({ length: 60 }, (_, nth): Step => [nth * 11 * MINUTE, laptop()])
  const then = (over: Partial<DecisionInput>, more: readonly Step[] = []) =>
    lastScore('unknown-device', [...known, ...more, [DAY, over]])

  it('at her own address says 0.3, unless three people are behind that network', () => {
    expect(then(from(BERLIN_IP))).toEqual({ score: 1.02, ungated: 3.42, own_address: 0.3 })
    const others = ['bob', 'carol', 'dave'].map((who, nth): Step => [nth - 10, from(BERLIN_IP), who])
    expect(lastScore('unknown-device', [...others, ...known, [DAY, from(BERLIN_IP)]])).toEqual({
      score: 3.42,
    })
  })

  it('says nothing of a telephone, and does not learn the computer of a stranger', () => {
    expect(then(from(LONDON_IP, PHONE))).toEqual({})
    const stranger = [1, 2, 3, 4].map((nth): Step => [DAY - nth * HOUR, from(TOKYO_IP, CHROME)]).toReversed()
    expect(then(from(TOKYO_IP, CHROME), stranger)['score']).toBeCloseTo(3.43, 1)
  })
})

import { describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../../../schemas/decision.ts'
import { daily, from, lastScore, type Step } from '../../../support/scoring/last-score.ts'
import { BERLIN_IP, CHROME, DAY, FIREFOX, HOUR, MINUTE, TOKYO_IP } from '../../../support/scoring/play.ts'

/** Each term and gate by itself: the last decision's score is what the formula says, and another one without it. */

describe('success after failures', () => {
  const wrong = (ip: string): Partial<DecisionInput> => ({
    outcome: 'deny',
    reasons: ['credentials_rejected'],
    action: { name: 'sign_in' },
    context: { ip },
  })
  const fails = (times: number, ...ips: string[]): Step[] =>
    Array.from({ length: times }, (_, nth): Step => [
      5 * DAY + nth,
      wrong(ips[nth % ips.length] ?? BERLIN_IP),
    ])
  const then = (...steps: Step[]) =>
    lastScore('success-after-failures', [...daily(5), ...steps, [5 * DAY + 1000, from(BERLIN_IP)]])

  it('ten mistakes at home say 0.4 of what they say elsewhere; eleven, or from two networks, all of it', () => {
    expect(then(...fails(10, BERLIN_IP))).toEqual({ score: 4, ungated: 9.99, own_source: 0.4 })
    expect(then(...fails(11, BERLIN_IP))).toEqual({ score: 10.99 })
    expect(then(...fails(10, BERLIN_IP, TOKYO_IP))).toEqual({ score: 9.99 })
  })
})

describe('posture fall', () => {
  const device = { id: 'laptop', posture: 'compliant' as const }
  const reads = (sensitivity: 'low' | 'medium' | 'high') => ({
    resource: { type: 'http', id: '/payroll', sensitivity },
  })
  const then = (over: Partial<DecisionInput>) =>
    lastScore('posture-fall', [
      [0, { device }],
      [HOUR, over],
    ])['score'] ?? 0

  it.each<[string, Partial<DecisionInput>, number]>([
    [
      'in no order, something medium',
      { device: { ...device, posture: 'not_compliant' }, ...reads('medium') },
      2,
    ],
    ['of which nothing is known now', { device: { ...device, posture: 'unknown' }, ...reads('high') }, 2],
    ['another system', { device, ...from(BERLIN_IP, CHROME), ...reads('high') }, 2],
    ['in no order, something low', { device: { ...device, posture: 'not_compliant' }, ...reads('low') }, 0],
  ])('%s', (_title, over, expected) => {
    expect(then(over)).toBe(expected)
  })
})

describe('interactive use of a service account', () => {
  const service = { subject: { type: 'service' as const, id: 'backup' } }
  const used = (times: number): Step[] =>
    Array.from({ length: times }, (_, nth): Step => [nth * MINUTE, from(BERLIN_IP, 'curl/8.5', service)])
  const then = (times: number, agent: string) =>
    lastScore('service-interactive', [...used(times), [HOUR, from(BERLIN_IP, agent, service)]])['score'] ?? 0

  it('asks for twenty uses, and for a browser: no crawler, and no program that says only Mozilla', () => {
    expect(then(20, FIREFOX)).toBeCloseTo(Math.log2(21), 1)
    expect(then(19, FIREFOX)).toBe(0)
    expect(then(20, 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)')).toBe(0)
    expect(then(20, 'Mozilla/5.0')).toBe(0)
  })
})

describe('off-hours', () => {
  const resource = { type: 'http', id: '/payroll', sensitivity: 'high' as const }
  // The first of January 2026 is a Thursday.
  const isWeekend = (day: number) => day % 7 === 2 || day % 7 === 3
  const office = Array.from({ length: 14 }, (_, day) => day)
    .filter((day) => !isWeekend(day))
    .flatMap((day) =>
      Array.from({ length: 10 }, (_, nth): Step => [day * DAY + (8 + nth) * HOUR, { resource }]),
    )
  const then = (atMs: number, more: readonly Step[] = []) =>
    lastScore('off-hours', [...office, ...more, [atMs, { resource }]])['score'] ?? 0

  it('at noon on a Saturday says what no Saturday before did, and at noon on a Monday nothing', () => {
    expect(then(16 * DAY + 12 * HOUR)).toBeGreaterThan(2.5)
    expect(then(18 * DAY + 12 * HOUR)).toBe(0)
  })

  it('does not learn the hours of a stranger', () => {
    const stranger = Array.from({ length: 2 }, (_, nth): Step => [
      (14 + nth) * DAY + 2 * HOUR,
      { resource, ...from(TOKYO_IP, CHROME) },
    ])
    expect(then(18 * DAY + 2 * HOUR, stranger)).toBeGreaterThan(3)
  })
})

describe('enumeration', () => {
  const refused = (app: string): Partial<DecisionInput> => ({
    outcome: 'deny',
    resource: { type: 'http', id: '/', app },
  })
  it('six applications that refuse within a day say what four do within ten minutes; whoever is refused by some every day is used to it', () => {
    const slow = (day: number, apps: number): Step[] =>
      Array.from({ length: apps }, (_, nth): Step => [day * DAY + nth * HOUR, refused(`app-${nth}`)])
    expect(lastScore('enumeration', slow(1, 6))['score']).toBeCloseTo(4, 0)
    const days = Array.from({ length: 20 }, (_, nth) => nth + 1)
    expect(
      lastScore('enumeration', [...days.flatMap((day) => slow(day, 3)), ...slow(21, 6)])['score'] ?? 0,
    ).toBeLessThan(2.5)
  })

  it('says nothing of what somebody reads before five windows, and a window with a finding teaches nothing', () => {
    const record = (id: number) => ({ resource: { type: 'http', id: `/${id}`, app: 'records' } })
    const windows = (count: number) =>
      Array.from({ length: count }, (_, nth): Step => [nth * 10 * MINUTE, record(1)])
    const walk = (atMs: number): Step[] =>
      Array.from({ length: 100 }, (_, nth): Step => [atMs + nth * 1000, record(nth + 10)])
    expect(lastScore('enumeration', [...windows(4), ...walk(DAY)])['score'] ?? 0).toBe(0)
    const once = lastScore('enumeration', [...windows(40), ...walk(DAY)])['score'] ?? 0
    const again =
      lastScore('enumeration', [...windows(40), ...[1, 2, 3].flatMap((day) => walk(day * DAY))])['score'] ?? 0
    expect(once).toBeGreaterThan(4)
    expect(again).toBeCloseTo(once, 0)
  })
})

describe('rare resource', () => {
  const page = (
    name: string,
    groups = ['sales'],
    type: 'user' | 'service' = 'user',
  ): Partial<DecisionInput> => ({
    resource: { type: 'http', id: `/${name}`, app: 'crm', path_template: `/${name}`, sensitivity: 'high' },
    subject: { type, id: 'alice', groups },
  })
  const peers = (count: number, name: string, group = 'sales'): Step[] =>
    Array.from({ length: count }, (_, nth): Step => {
      const who = `${group}-${nth}`
      return [nth, { ...page(name), subject: { type: 'user', id: who, groups: [group] } }, who]
    })
  const own = (pages: number, type: 'user' | 'service' = 'user'): Step[] =>
    Array.from({ length: 50 }, (_, nth): Step => [nth * HOUR, page(`page-${nth % pages}`, ['sales'], type)])
  const then = (...steps: Step[]) => lastScore('rare-resource', steps)['score'] ?? 0
  const payroll = (type: 'user' | 'service' = 'user'): Step => [51 * HOUR, page('payroll', ['sales'], type)]

  it('says less of whom much is new to', () => {
    const few = then(...peers(20, 'page-1'), ...own(5), payroll())
    expect(few).toBeCloseTo(12.3, 1)
    const harmless = (name: string) => ({
      ...page(name),
      resource: {
        type: 'http',
        id: `/${name}`,
        app: 'crm',
        path_template: `/${name}`,
        sensitivity: 'low' as const,
      },
    })
    const explorer = Array.from({ length: 16 }, (_, nth): Step => [
      (nth + 20) * HOUR + 1,
      harmless(`once-${nth}`),
    ])
    expect(then(...peers(20, 'page-1'), ...own(5).slice(0, 20), ...explorer, payroll())).toBeLessThan(
      0.75 * few,
    )
  })

  it('asks peers, if they are three or more, of which programs have none', () => {
    const others = peers(20, 'payroll', 'people')
    const alone = then(...others, ...own(5), payroll())
    expect(then(...others, ...peers(2, 'page-1'), ...own(5), payroll())).toBeGreaterThan(alone)
    const program = (...more: Step[]) => then(...more, ...own(5, 'service'), payroll('service'))
    expect(program(...peers(20, 'payroll'))).toBe(program())
    // As much as of high sensitivity, whatever it asks for.
    const medium = {
      ...page('payroll', ['sales'], 'service'),
      resource: {
        type: 'http',
        id: '/payroll',
        app: 'crm',
        path_template: '/payroll',
        sensitivity: 'medium' as const,
      },
    }
    expect(then(...own(5, 'service'), [51 * HOUR, medium])).toBe(program())
  })

  it('asks no group of two', () => {
    const pair = (groups: string[]) => {
      const two = peers(2, 'page-1', 'pair')
      const others = peers(20, 'payroll', 'people')
      const mine = own(5).map(([atMs], nth): Step => [atMs, page(`page-${nth % 5}`, groups)])
      return then(...two, ...others, ...mine, [51 * HOUR, page('payroll', groups)])
    }
    expect(pair(['pair'])).toBe(pair([]))
  })

  it('another such thing adds to the first one, and the first one again adds nothing', () => {
    const first = [...peers(20, 'page-1'), ...own(5), payroll()]
    const [, again] = payroll()
    const once = then(...first)
    expect(then(...first, [51 * HOUR + 1000, page('pensions')])).toBeCloseTo(2 * once - 7, 0)
    expect(then(...first, [51 * HOUR + 1000, again])).toBeCloseTo(once, 0)
  })
})

describe('volume and bytes moved', () => {
  it('an hour and a day with a finding teach nothing of how many requests are usual', () => {
    const hours = (from: number, count: number, requests: number): Step[] =>
      Array.from({ length: count * requests }, (_, nth): Step => [
        (from + Math.floor(nth / requests)) * HOUR + (nth % requests) * 5000,
      ])
    const copy = hours(102, 1, 250)
    const once = lastScore('volume', [...hours(0, 48, 24), ...copy])['score'] ?? 0
    const again =
      lastScore('volume', [
        ...hours(0, 48, 24),
        ...[72, 84, 96].flatMap((from) => hours(from, 1, 250)),
        ...copy,
      ])['score'] ?? 0
    expect(once).toBeGreaterThan(20)
    expect(again).toBeGreaterThan(0.8 * once)
  })

  const day = (nth: number, bytes: number): Step => [
    nth * DAY,
    { context: { ip: BERLIN_IP, user_agent: FIREFOX, http: { bytes_out: bytes } } },
  ]
  const MB = 1_000_000
  const moved = (...sizes: number[]) =>
    lastScore(
      'bytes-moved',
      sizes.map((size, nth) => day(nth, size * MB)),
    )['score'] ?? 0

  it('a day with hardly any bytes does not make a busy one ordinary', () => {
    const before = [10, 10, 10, 10, 10, 10]
    expect(moved(...before, 10, 200)).toBeLessThan(moved(...before, 0.001, 200) + 1)
    expect(moved(...before, 0.001, 0.001, 0.001, 200)).toBeGreaterThan(3)
  })

  it('a strange day is learnt at half its distance', () => {
    const before = [10, 10, 10, 10, 10, 10, 10, 10]
    const strange = moved(...before, 2000)
    expect(strange).toBeGreaterThan(9)
    expect(moved(...before, 2000, 2000, 2000)).toBeGreaterThan(0.6 * strange)
  })
})

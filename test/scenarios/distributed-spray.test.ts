import { describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../schemas/decision.ts'
import type { KnownNetwork } from '../../services/scoring/enrich/networks-file.ts'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import {
  CHROME,
  DAY,
  FIREFOX,
  HOUR,
  MINUTE,
  play,
  story,
  testEnrich,
  type Part,
} from '../support/scoring/play.ts'

/** A network of its own for everybody: 240 of them, of four operators. */
const networks: KnownNetwork[] = Array.from({ length: 240 }, (_, index) => ({
  cidr: `10.${index}.0.0/16`,
  city: 'Berlin',
  region: '',
  country: 'DE',
  latitude: 52.52,
  longitude: 13.405,
  accuracy_km: 10,
  asn: 64500 + (index % 4),
  as_org: `Example ${index % 4}`,
  network_kind: 'access',
  shared: false,
}))
const enrich = testEnrich(networks)

const client = (network: number, tls_fingerprint: string, user_agent = FIREFOX): Partial<DecisionInput> => ({
  context: { ip: `10.${network}.1.1`, user_agent, tls_fingerprint },
})
const fails = (network: number, tls: string): Partial<DecisionInput> => ({
  outcome: 'deny',
  reasons: ['credentials_rejected'],
  action: { name: 'sign_in' },
  ...client(network, tls),
})

const STAFF = 60
/** People who sign in every day from their own networks, with one browser in two builds, and mistype now and then. */
const staff: Part[] = Array.from({ length: STAFF }, (_, index) => index).flatMap((index) => {
  const tls = index % 2 === 0 ? 'popular' : 'other'
  return [
    {
      who: `person-${index}`,
      fromMs: 8 * HOUR + index * MINUTE,
      everyMs: 2 * HOUR,
      times: 5 * 12,
      each: () => client(index, tls),
    },
    {
      who: `person-${index}`,
      fromMs: (index % 5) * DAY + 8 * HOUR + index * MINUTE - 5000,
      each: () => fails(index, tls),
    },
  ]
})

/** One try an account, each from another network that is nobody's, a quarter of an hour apart. */
const spray = (accounts: number, tls: string, everyMs = 15 * MINUTE): Part[] =>
  Array.from({ length: accounts }, (_, index) => ({
    who: `person-${index}`,
    fromMs: 5 * DAY + 7 + index * everyMs,
    each: () => fails(100 + index, tls),
  }))

const found = (...parts: Part[]) =>
  play(story(...staff, ...parts), { enrich }).findings.filter(
    ({ detector }) => detector.id === 'distributed-spray',
  )

const gaveWay: Part = {
  who: 'person-55',
  fromMs: 5 * DAY + 13 * HOUR,
  each: () => client(170, 'script', CHROME),
}
const conference: Part[] = Array.from({ length: 20 }, (_, index) => index).flatMap((index) => [
  ...(index % 3 === 0
    ? [{ who: `person-${index}`, fromMs: 5 * DAY + index * MINUTE, each: () => fails(130, 'popular') }]
    : []),
  { who: `person-${index}`, fromMs: 5 * DAY + index * MINUTE + 9000, each: () => client(130, 'popular') },
])

detectorScenario('distributed-spray', {
  decisions: story(...staff, ...spray(12, 'script', 30_000), gaveWay, ...conference),
  enrich,
  finds:
    'twelve accounts, once each, from twelve networks, with a client never seen, and the account that gives way',
  found: [['script', 'MEDIUM', '2026-01-06T00:03:00.007Z']],
  spares: 'twenty people in one hotel, who mistype and get in',
  bystanders: ['popular', '10.130.1.0/24', '64500', '64501', '64502', '64503'],
  also(findings) {
    const taken = findings.filter(({ evidence }) => evidence['gave_way'] === true)
    expect(taken.map(({ evidence }) => evidence['gave_way_subject'])).toContain('user:person-55')
  },
})

describe('distributed spray', () => {
  it('gives the documented figure: seven accounts, once each, with a client never seen', () => {
    const [first, ...others] = found(...spray(7, 'script', 1000))
    expect(others).toEqual([])
    expect([first?.entity, first?.risk_level, Math.round(first?.score ?? 0)]).toEqual([
      { type: 'client', id: 'script' },
      'MEDIUM',
      21,
    ])
  })

  it('is one finding by client and one by each operator, however long it goes on, and says from how many networks', () => {
    const all = found(...spray(50, 'script'))
    const entities = new Set(all.map(({ entity }) => `${entity.type} ${entity.id}`))
    expect(new Set(all.map(({ id }) => id)).size).toBe(entities.size)
    expect([...entities].sort()).toEqual([
      'asn 64500',
      'asn 64501',
      'asn 64502',
      'asn 64503',
      'client script',
    ])
    const last = all.findLast(({ entity }) => entity.type === 'client')
    expect(last?.risk_level).toBe('HIGH')
    expect(last?.evidence['networks']).toBeGreaterThan(35)
    expect(all.every(({ entities: named }) => named.length > 0)).toBe(true)
  })

  it('teaches nothing: the fourth day of it says as much as the first', () => {
    const day = (nth: number) =>
      spray(12, 'script', 30_000).map((part) => ({ ...part, fromMs: (part.fromMs ?? 0) + nth * DAY }))
    const all = found(...[0, 1, 2, 3].flatMap(day)).filter(({ entity }) => entity.id === 'script')
    const most = (date: string) =>
      Math.max(...all.filter(({ observed_at: at }) => at.startsWith(date)).map(({ score }) => score))
    expect(most('2026-01-09')).toBeGreaterThan(0.9 * most('2026-01-06'))
  })

  it('is found with the build that half of the company uses, when it is large enough', () => {
    expect(found(...spray(50, 'popular')).some(({ entity }) => entity.id === 'popular')).toBe(true)
  })

  it.each<[string, Part[]]>([
    ['five accounts in a day', spray(5, 'script')],
    [
      'everybody fails at home, after a roll-out, and those on the way as well',
      Array.from({ length: STAFF }, (_, index) => ({
        who: `person-${index}`,
        fromMs: 5 * DAY + 8 * HOUR + index * 1000,
        times: 3,
        each: () => fails(index < 6 ? 120 + index : index, index % 2 === 0 ? 'popular' : 'other'),
      })),
    ],
    [
      'names that nobody has: the background of the internet',
      Array.from({ length: 60 }, (_, index) => ({
        who: `admin-${index}`,
        fromMs: 5 * DAY + index * MINUTE,
        each: () => ({ ...fails(100 + index, 'script'), reasons: ['account_unknown' as const] }),
      })),
    ],
  ])('finds nothing: %s', (_title, parts) => {
    expect(found(...parts).map(({ entity, evidence }) => [entity.id, evidence])).toEqual([])
  })
})

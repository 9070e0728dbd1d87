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
  OFFICE_IP,
  play,
  story,
  testEnrich,
  TEST_NETWORKS,
  type Part,
} from '../support/scoring/play.ts'

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1'
/** Other networks of the same town. */
const CAFE_IP = '240.0.0.10'
const CARRIER_IP = '240.0.1.10'
const TUNNEL_IP = '240.0.2.10'
const DESK_IP = '240.0.3.10'
const town = (cidr: string, over: Partial<KnownNetwork> = {}): KnownNetwork => ({
  ...TEST_NETWORKS.berlin,
  cidr,
  asn: 64520,
  as_org: 'Example Town',
  ...over,
})
const enrich = testEnrich([
  ...Object.values(TEST_NETWORKS),
  town('240.0.0.0/24'),
  town('240.0.3.0/24'),
  town('240.0.1.0/24', { network_kind: 'mobile' }),
  town('240.0.2.0/24', { network_kind: 'corporate', shared: true }),
])

interface From {
  readonly ip: string
  readonly session?: string
  readonly device?: string
  readonly user_agent?: string
}
const from =
  (who: string, { ip, session, device, user_agent = FIREFOX }: From) =>
  (): Partial<DecisionInput> => ({
    subject: { type: 'user', id: who, ...(session !== undefined && { session_id: session }) },
    context: { ip, user_agent },
    ...(device !== undefined && { device: { id: device } }),
  })

/** Four days in the office, then the fifth, all day. */
const office = (who: string, over: Partial<From> = {}): Part[] =>
  [0, 1, 2, 3, 4].map((day) => ({
    who,
    fromMs: day * DAY + 9 * HOUR,
    everyMs: 10 * MINUTE,
    times: 24,
    each: from(who, { ip: OFFICE_IP, device: `lt-${who}`, session: `of-${who}-${day}`, ...over }),
  }))
/** On the fifth day, from elsewhere, at ten. */
const beside = (who: string, there: From): Part => ({
  who,
  fromMs: 4 * DAY + 10 * HOUR + 3 * MINUTE,
  everyMs: 8 * MINUTE,
  times: 6,
  each: from(who, there),
})
const people = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']
const decisions = story(
  ...people.flatMap((who) => office(who)),
  beside('alice', { ip: CAFE_IP, session: 'of-alice-4' }),
  beside('bob', { ip: CARRIER_IP, user_agent: PHONE }),
  beside('carol', { ip: TUNNEL_IP, session: 'of-carol-4', device: 'lt-carol' }),
  beside('dave', { ip: DESK_IP, device: 'desktop-dave', user_agent: CHROME }),
  // Moves once, after lunch.
  {
    who: 'erin',
    fromMs: 4 * DAY + 13 * HOUR,
    everyMs: MINUTE,
    times: 20,
    each: from('erin', { ip: CAFE_IP }),
  },
  // One account at two desks: a program's.
  ...['192.0.2.11', CAFE_IP].map((ip, index) => ({
    who: 'robot',
    fromMs: index * MINUTE,
    everyMs: 10 * MINUTE,
    times: 600,
    each: (): Partial<DecisionInput> => ({
      subject: { type: 'service', id: 'robot', session_id: 'robot' },
      context: { ip, user_agent: FIREFOX },
    }),
  })),
)

detectorScenario('concurrent-use', {
  decisions,
  enrich,
  finds: 'a session that is copied in the same town while its owner works',
  found: [['user:alice', 'MEDIUM', '2026-01-05T10:10:00.000Z']],
  spares:
    'a telephone on its carrier, a split tunnel, somebody with two machines of the company, whoever moves once, and an account that programs share',
  bystanders: ['user:bob', 'user:carol', 'user:dave', 'user:erin', 'service:robot'],
  also([finding], scored) {
    expect(finding?.evidence).toMatchObject({
      ip: OFFICE_IP,
      other_ip: CAFE_IP,
      same_session: true,
      device_here: true,
      device_there: false,
    })
    expect(finding?.decision_ids[0]).toBe(`alice-${4 * DAY + 10 * HOUR + 3 * MINUTE}`)
    const most = (who: string) =>
      Math.max(
        ...scored
          .filter(({ decision }) => decision.subject.id === who)
          .map(({ scores }) => scores['concurrent-use'] ?? 0),
      )
    expect(people.map(most)).toEqual([4, 0, 0, 1, 0, 0])
  },
})

describe('concurrent use', () => {
  const told = (...parts: Part[]) =>
    play(story(...parts), { enrich }).findings.filter(({ detector }) => detector.id === 'concurrent-use')

  it('whoever works at a computer of their own beside the office for weeks is found on the first days only', () => {
    const days = Array.from({ length: 14 }, (_, day) => [
      ...office('grace')
        .map((part) => ({ ...part, fromMs: ((part.fromMs ?? 0) % DAY) + day * DAY }))
        .slice(0, 1),
      ...(day < 4
        ? []
        : [{ ...beside('grace', { ip: CAFE_IP }), fromMs: day * DAY + 10 * HOUR + 3 * MINUTE }]),
    ]).flat()
    const on = told(...days).map(({ observed_at }) => Number(observed_at.slice(8, 10)))
    expect(on[0]).toBe(5)
    expect(Math.max(...on)).toBeLessThan(10)
  })

  it('says nothing in the first days of a subject', () => {
    expect(
      told(...office('heidi').slice(4), beside('heidi', { ip: CAFE_IP, session: 'of-heidi-4' })),
    ).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import type { KnownNetwork } from '../../services/scoring/enrich/networks-file.ts'
import { detectorScenario, disturbed } from '../support/scoring/detector-scenario.ts'
import {
  BERLIN_IP,
  CHROME,
  FIREFOX,
  HOUR,
  LONDON_IP,
  MINUTE,
  NEW_YORK_IP,
  OFFICE_IP,
  play,
  story,
  testEnrich,
  TEST_NETWORKS,
  TOKYO_IP,
} from '../support/scoring/play.ts'

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1'

const session = (id: string) => ({ type: 'user' as const, id, session_id: `session-of-${id}` })

const day = story(
  { who: 'alice', everyMs: 10 * MINUTE, times: 12, each: () => ({ subject: session('alice') }) },
  {
    who: 'alice',
    fromMs: 65 * MINUTE,
    everyMs: MINUTE,
    times: 3,
    each: () => ({ subject: session('alice'), context: { ip: NEW_YORK_IP, user_agent: CHROME } }),
  },
  { who: 'bob', everyMs: 10 * MINUTE, times: 12 },
  { who: 'bob', fromMs: 20 * HOUR, each: () => ({ context: { ip: TOKYO_IP, user_agent: FIREFOX } }) },
)

detectorScenario('impossible-travel', {
  decisions: day,
  finds: "alice's session in New York while she works in Berlin, at once, and once more as it goes on",
  found: [['user:alice', 'HIGH', '2026-01-01T01:05:00.000Z']],
  spares: 'bob, who flies to Tokyo overnight',
  bystanders: ['user:bob'],
  also(findings) {
    const [first, back] = findings
    // Back in Berlin five minutes later: the same finding, revised.
    expect(findings.map(({ id, revision }) => [id, revision])).toEqual([
      [first?.id, 1],
      [first?.id, 2],
    ])
    expect(back?.observed_at).toBe('2026-01-01T01:10:00.000Z')
    expect(first?.evidence).toMatchObject({
      from_place: 'Berlin (DE)',
      from_ip: '192.0.2.10',
      to_place: 'New York (US)',
      to_ip: NEW_YORK_IP,
      same_session: true,
    })
    expect(first?.decision_ids).toEqual(['alice-3600000', 'alice-3900000'])
    expect(first?.entities).toContainEqual({ type: 'session', id: 'session-of-alice' })
  },
})

describe('impossible travel', () => {
  it('an event that comes an hour late is scored, and opens nothing', () => {
    const late = day.filter(({ id }) => id === 'alice-3900000')
    const rest = day.filter(({ id }) => !/^alice-(39|40)\d{5}$/.test(id))
    const { findings, scored } = play([...rest, ...late])
    expect(findings).toEqual([])
    expect(
      scored.find(({ decision }) => decision.id === 'alice-3900000')?.scores['impossible-travel'],
    ).toBeGreaterThan(2.5)
  })

  it('a tunnel through the company’s exit is no travel: same client, one end shared', () => {
    const { findings } = play(
      story(
        { who: 'carol', each: () => ({ context: { ip: NEW_YORK_IP, user_agent: FIREFOX } }) },
        {
          who: 'carol',
          fromMs: 5 * MINUTE,
          each: () => ({ context: { ip: OFFICE_IP, user_agent: FIREFOX } }),
        },
        {
          who: 'carol',
          fromMs: 9 * MINUTE,
          each: () => ({ context: { ip: NEW_YORK_IP, user_agent: FIREFOX } }),
        },
      ),
    )
    expect(findings).toEqual([])
  })

  it('from A to B and back to A weighs half as much again, as it happens: two people, and not one who was misplaced once', () => {
    const from = (ip: string) => () => ({ context: { ip, user_agent: FIREFOX } })
    const scored = play(
      story(
        { who: 'dora', each: from(NEW_YORK_IP) },
        { who: 'dora', fromMs: HOUR, each: from(TOKYO_IP) },
        { who: 'dora', fromMs: 2 * HOUR, each: from(NEW_YORK_IP) },
        { who: 'eve', each: from(NEW_YORK_IP) },
        { who: 'eve', fromMs: HOUR, each: from(TOKYO_IP) },
        { who: 'eve', fromMs: 30 * HOUR, each: from(NEW_YORK_IP) },
      ),
    ).scored.map(({ decision, scores }) => [decision.id, scores['impossible-travel'] ?? 0])
    expect(Object.fromEntries(scored)).toEqual({
      'dora-0': 0,
      [`dora-${HOUR}`]: 3,
      [`dora-${2 * HOUR}`]: 4.5,
      'eve-0': 0,
      [`eve-${HOUR}`]: 3,
      [`eve-${30 * HOUR}`]: 0,
    })
  })

  it('a telephone that its carrier puts on another continent is no finding once it is known to be the subject’s own; another client there is', () => {
    const days = [0, 1, 2, 3].flatMap((day) => [
      {
        who: 'frank',
        fromMs: day * 24 * HOUR,
        each: () => ({ context: { ip: NEW_YORK_IP, user_agent: FIREFOX } }),
      },
      {
        who: 'frank',
        fromMs: day * 24 * HOUR + 12 * HOUR,
        each: () => ({ context: { ip: NEW_YORK_IP, user_agent: PHONE } }),
      },
    ])
    const there = (user_agent: string) => ({
      who: 'frank',
      fromMs: 96 * HOUR + 10 * MINUTE,
      each: () => ({ context: { ip: TOKYO_IP, user_agent } }),
    })
    const here = {
      who: 'frank',
      fromMs: 96 * HOUR,
      each: () => ({ context: { ip: NEW_YORK_IP, user_agent: FIREFOX } }),
    }
    const found = (user_agent: string) =>
      play(story(...days, here, there(user_agent))).findings.filter(
        ({ detector }) => detector.id === 'impossible-travel',
      )
    expect(found(PHONE)).toEqual([])
    expect(found(CHROME)).toHaveLength(1)
  })
})

describe('a network on board', () => {
  const AIR_IP = '240.0.0.10'
  const OTHER_PLANE_IP = '240.0.1.10'
  const air = (network_kind: KnownNetwork['network_kind']): KnownNetwork => ({
    ...TEST_NETWORKS.newYork,
    cidr: '240.0.0.0/16',
    // Where its operator sits, and no plane is.
    city: 'Honolulu',
    latitude: 21.3,
    longitude: -157.86,
    asn: 64510,
    as_org: 'Example Airborne',
    network_kind,
  })
  const from = (ip: string, user_agent = FIREFOX) => ({ each: () => ({ context: { ip, user_agent } }) })
  const flight = (who: string, day: number, home: string, away: string) => [
    { who, fromMs: day * 24 * HOUR, everyMs: MINUTE, times: 3, ...from(home) },
    { who, fromMs: day * 24 * HOUR + HOUR, everyMs: MINUTE, times: 3, ...from(AIR_IP) },
    { who, fromMs: day * 24 * HOUR + 14 * HOUR, everyMs: MINUTE, times: 3, ...from(away) },
  ]
  const scoresOf = (scored: ReturnType<typeof play>['scored'], id: string) =>
    scored.find(({ decision }) => decision.id === id)?.scores
  const travels = ({ findings }: ReturnType<typeof play>) =>
    findings.filter(({ detector }) => detector.id === 'impossible-travel').map(({ entity }) => entity.id)

  detectorScenario('impossible-travel', {
    decisions: story(...flight('alice', 0, BERLIN_IP, TOKYO_IP), ...flight('bob', 0, BERLIN_IP, TOKYO_IP), {
      who: 'bob',
      fromMs: 2 * HOUR,
      ...from(NEW_YORK_IP),
    }),
    enrich: testEnrich([...Object.values(TEST_NETWORKS), air('inflight')]),
    finds: 'who is in New York meanwhile',
    found: [['user:bob', 'HIGH', '2026-01-01T02:00:00.000Z']],
    spares:
      'who uses the network on board that the networks file names; what that takes away is kept with its name',
    bystanders: ['user:alice'],
    also(_findings, scored) {
      expect(scoresOf(scored, `alice-${HOUR}`)).toMatchObject({
        'impossible-travel': 0.06,
        'impossible-travel.ungated': 3,
        'impossible-travel.gate.inflight_network': 0.02,
      })
    },
  })

  it('is learnt from three travellers between three places, and then gates a fourth; one who flies to and fro teaches nothing; late and out of order as well', () => {
    const enrich = testEnrich([...Object.values(TEST_NETWORKS), air('access')])
    const erin = (day: number) => [
      { who: 'erin', fromMs: day * 24 * HOUR, ...from(LONDON_IP) },
      { who: 'erin', fromMs: day * 24 * HOUR + HOUR, ...from(OTHER_PLANE_IP) },
    ]
    const decisions = story(
      ...flight('alice', 0, BERLIN_IP, TOKYO_IP),
      ...flight('bob', 1, LONDON_IP, TOKYO_IP),
      ...flight('carol', 2, NEW_YORK_IP, TOKYO_IP),
      ...erin(3),
      { who: 'frank', fromMs: 73 * HOUR - MINUTE, ...from(BERLIN_IP) },
      { who: 'frank', fromMs: 73 * HOUR, ...from(NEW_YORK_IP) },
    )
    for (const arriving of [decisions, disturbed(decisions)]) {
      const four = play(arriving, { enrich })
      expect(travels(four)).not.toContain('user:erin')
      expect(travels(four)).toContain('user:frank')
      expect(scoresOf(four.scored, `erin-${73 * HOUR}`)).toMatchObject({
        'impossible-travel.gate.inflight_network': 0.1,
      })
    }
    const one = play(
      story(...[0, 2, 4].flatMap((day) => flight('alice', day, BERLIN_IP, TOKYO_IP)), ...erin(6)),
      { enrich },
    )
    expect(travels(one)).toContain('user:erin')
  })
})

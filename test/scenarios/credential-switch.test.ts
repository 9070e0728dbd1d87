import { describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../schemas/decision.ts'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import {
  BERLIN_IP,
  CHROME,
  DAY,
  FIREFOX,
  HOUR,
  MINUTE,
  play,
  story,
  type Part,
} from '../support/scoring/play.ts'

const on = (device: string, app = 'wiki', user_agent = FIREFOX): Partial<DecisionInput> => ({
  device: { id: device, managed: true },
  resource: {
    type: 'http',
    id: `/${app}`,
    app,
    path_template: `/${app}`,
    sensitivity: app === 'wiki' ? 'medium' : 'high',
  },
  context: { ip: BERLIN_IP, user_agent },
})

const at = 4 * DAY + 10 * HOUR + 7 * MINUTE

/** Somebody at work on a machine of their own, three times a day, from 08:00. */
const days = (who: string, device: string, times = 5, app?: string, fromDay = 0): Part => ({
  who,
  fromMs: fromDay * DAY + 8 * HOUR,
  everyMs: 2 * HOUR,
  times: times * 12,
  each: (index) => (index % 12 < 3 ? on(device, app) : on(device, 'wiki')),
})

/** What goes on from a machine: a sign-in, then the vault and the console. */
const goesOn = (who: string, device: string, fromMs: number): Part => ({
  who,
  fromMs,
  everyMs: MINUTE,
  times: 4,
  each: (index) => on(device, ['wiki', 'vault', 'console', 'vault'][index], CHROME),
})

/** With a key that can't be phished, this hour. */
const proved = (part: Part): Part => ({
  ...part,
  each: (index) => ({
    ...part.each?.(index),
    subject: {
      type: 'user',
      id: part.who,
      amr: ['hwk'],
      authenticated_at: new Date(Date.UTC(2026, 0, 1) + at).toISOString(),
    },
  }),
})

const found = (...parts: Part[]) =>
  play(story(...parts))
    .findings.filter(({ detector }) => detector.id === 'credential-switch')
    .map(({ entity, score, risk_level, evidence }) => [entity.id, score, risk_level, evidence['account']])

const alice = days('alice', 'laptop-a')
const admin = days('bob', 'laptop-b', 5, 'vault')

detectorScenario('credential-switch', {
  decisions: story(alice, admin, goesOn('bob', 'laptop-a', at), days('carol', 'laptop-c'), {
    who: 'bob',
    fromMs: at + HOUR,
    times: 5,
    each: (index) => on('laptop-c', index === 3 ? 'console' : 'wiki'),
  }),
  finds:
    "an administrator's account on alice's machine, which goes on to the vault and the console, and names the account",
  found: [['laptop-a', 'HIGH', '2026-01-05T10:09:00.000Z']],
  spares: 'the same account that mends something at the machine of carol',
  bystanders: ['laptop-c', 'user:alice', 'user:carol'],
  also([finding]) {
    expect(finding?.entities.map(({ id }) => id)).toEqual(['user:bob'])
    expect(finding?.decision_ids).toEqual([`bob-${at + 2 * MINUTE}`])
  },
})

describe('credential switch', () => {
  it("gives the documented figure: an administrator's account on alice's machine, on to the vault", () => {
    expect(found(alice, admin, goesOn('bob', 'laptop-a', at))).toEqual([['laptop-a', 3, 'HIGH', 'user:bob']])
  })

  it('is found at the second application where the owner uses the first one too', () => {
    const passes = (apps: string[]): Part => ({
      who: 'bob',
      fromMs: at,
      everyMs: MINUTE,
      times: apps.length,
      each: (index) => on('laptop-a', apps[index], CHROME),
    })
    const owner = days('alice', 'laptop-a', 5, 'vault')
    expect(found(owner, admin, passes(['wiki', 'vault', 'vault', 'console']))).toEqual([
      ['laptop-a', 2.625, 'MEDIUM', 'user:bob'],
    ])
    expect(found(owner, admin, passes(['wiki', 'vault', 'vault']))).toEqual([])
  })

  it.each<[string, Part[]]>([
    [
      'a kiosk that four people share',
      [
        ...['carol', 'dave', 'erin', 'frank'].map((who) => days(who, 'kiosk')),
        days('alice', 'laptop-a'),
        admin,
        goesOn('bob', 'kiosk', at),
      ],
    ],
    [
      'an administrator with a second account of their own, known as a pair',
      [
        days('bob', 'laptop-b'),
        { ...days('bob-admin', 'laptop-b', 4), fromMs: 9 * HOUR },
        goesOn('bob-admin', 'laptop-b', at),
      ],
    ],
    [
      'a second account used for the first time, of which nothing is known',
      [days('bob', 'laptop-b'), goesOn('bob-admin', 'laptop-b', at)],
    ],
    [
      'a machine on loan: its owner has not been there since the day before',
      [days('alice', 'laptop-a', 3), admin, goesOn('bob', 'laptop-a', at)],
    ],
    [
      'an administrator who mends something there: two things of one application',
      [
        alice,
        admin,
        {
          who: 'bob',
          fromMs: at,
          everyMs: MINUTE,
          times: 4,
          each: (index) => {
            const { resource, ...rest } = on('laptop-a', 'console')
            return resource === undefined
              ? rest
              : { ...rest, resource: { ...resource, id: `/console/${index % 2}` } }
          },
        },
      ],
    ],
    [
      'whoever goes no further than an application that the owner of the machine uses too',
      [
        days('alice', 'laptop-a', 5, 'vault'),
        admin,
        {
          who: 'bob',
          fromMs: at,
          everyMs: MINUTE,
          times: 4,
          each: (index) => {
            const { resource, ...rest } = on('laptop-a', 'vault')
            return resource === undefined
              ? rest
              : { ...rest, resource: { ...resource, id: `/vault/${index}` } }
          },
        },
      ],
    ],
    [
      'an administrator who proves it with a key at hand',
      [alice, admin, proved(goesOn('bob', 'laptop-a', at))],
    ],
    [
      'a colleague who reads something ordinary at a neighbour’s machine',
      [alice, admin, { who: 'bob', fromMs: at, times: 5, each: () => on('laptop-a') }],
    ],
    [
      'an administrator who helps at many machines',
      [
        ...['carol', 'dave', 'erin'].map((who) => days(who, `laptop-${who}`)),
        admin,
        ...['carol', 'dave'].map((who, index) => ({
          who: 'bob',
          fromMs: (2 + index) * DAY + 9 * HOUR,
          each: () => on(`laptop-${who}`),
        })),
        goesOn('bob', 'laptop-erin', at),
      ],
    ],
    [
      'the owner, on the machine of every day, for the first time at the vault',
      [alice, goesOn('alice', 'laptop-a', at)],
    ],
  ])('finds nothing: %s', (_title, parts) => {
    expect(found(...parts)).toEqual([])
  })
})

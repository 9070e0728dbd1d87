import { resourcesOf, type Resource } from './catalogue.ts'
import { Dice } from './dice.ts'
import { access, type Draft, type Origin, type Session } from './drafts.ts'
import { hostingPool } from './estate.ts'
import { addressText } from './networks.ts'
import { DAY, MINUTE, START_MS } from './time.ts'
import type { World } from './whereabouts.ts'

/** An account of a program. */
export interface Service {
  readonly id: string
  /** Minutes between two runs, and the minute of the first. */
  readonly everyMinutes: number
  readonly atMinute: number
  readonly calls: readonly Resource[]
  readonly user_agent: string
  /** Prefixes it runs from; many where machines come and go. */
  readonly prefixes: readonly number[]
}

const AGENTS = [
  'python-requests/2.32.3',
  'Go-http-client/2.0',
  'curl/8.14.1',
  'okhttp/5.1.0',
  'node-fetch/3.3.2',
]
const CALLED = [
  'git',
  'ci',
  'deploy',
  'analytics',
  'billing',
  'warehouse',
  'records',
  'crm',
  'drive',
  'secrets',
]

/** About one service account for fifty people. */
export function services(
  people: number,
  { seed, networks }: Pick<World, 'seed' | 'networks'>,
): readonly Service[] {
  return Array.from({ length: Math.max(4, Math.round(people / 50)) }, (_, index) => {
    const dice = new Dice(seed, 'service', index)
    const app = dice.pick(CALLED)
    const pool = hostingPool(networks, dice.pick(['DE', 'US', 'SG']), dice)
    const elastic = dice.chance(0.4)
    return {
      id: `svc-${app}-${index + 1}`,
      everyMinutes: dice.pick([15, 30, 60, 60, 360, 1440]),
      atMinute: dice.whole(0, 14),
      calls: dice.shuffled(resourcesOf(app)).slice(0, dice.whole(1, 3)),
      user_agent: dice.pick(AGENTS),
      prefixes: dice.shuffled(pool.prefixes).slice(0, elastic ? 12 : 1),
    }
  })
}

/** A service's session: a token of its own, without a person. */
export function serviceSession({ id }: Service): Session {
  return {
    subject: { type: 'service', id },
    id: `token-${id}`,
    since_ms: START_MS - 30 * DAY,
    groups: ['services'],
    amr: ['mtls'],
  }
}

/** What a service does on one UTC day. */
export function serviceDay(service: Service, day: number, seed: number): Draft[] {
  const dice = new Dice(seed, 'run', service.id, day)
  const drafts: Draft[] = []
  const session = serviceSession(service)
  for (let minute = service.atMinute; minute < 1440; minute += service.everyMinutes) {
    const origin: Origin = {
      ip: addressText(dice.pick(service.prefixes) + dice.whole(10, 20)),
      user_agent: service.user_agent,
      tls_fingerprint: 't13d190900_program0',
      device: null,
    }
    let at = START_MS + day * DAY + minute * MINUTE + dice.between(0, 8_000)
    // A run that failed is tried again.
    const tries = dice.chance(0.01) ? 3 : 1
    for (let run = 0; run < tries; run++) {
      for (const resource of service.calls) {
        drafts.push(access(at, session, origin, resource, dice))
        at += dice.between(300, 4_000)
      }
      at += 30_000
    }
  }
  return drafts
}

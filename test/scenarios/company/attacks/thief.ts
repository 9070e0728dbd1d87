import type { Entity } from '../../../../schemas/entity.ts'
import { ALL_RESOURCES, COMMON, DEPARTMENTS, resourcesOf, type Resource } from '../catalogue.ts'
import { ELSEWHERE, FAR } from '../cities.ts'
import type { Client } from '../clients.ts'
import { access, clientOf, type Draft, type Origin, type Said, type Session } from '../drafts.ts'
import { addressIn, prefixOf, type Pool } from '../networks.ts'
import { departmentOf, type Person } from '../staff.ts'
import { HOUR, midnight } from '../time.ts'
import { deviceOf } from '../whereabouts.ts'
import { isMine } from '../working-day.ts'
import { by, type Scene } from './scene.ts'

const NOT_YOURS: Said = { outcome: 'deny', reasons: ['permission_missing'] }
const COMMONEST: Client = { browser: 'chrome', system: 'windows', upgradeDay: 0 }
const RARER: Client = { browser: 'firefox', system: 'linux', upgradeDay: 0 }

/** An origin outside, and whose network it is. */
export interface Foreign extends Origin {
  readonly asn: number
}

/** Where a thief comes from and with what, as good as the difficulty allows; another address each time it is asked. */
export function thief({ difficulty, victim, world, dice, day }: Scene): Foreign {
  const { networks } = world
  const { country, name } = victim.city
  const pool: Pool = by<() => Pool>(
    difficulty,
    () =>
      dice.chance(0.5)
        ? dice.pick(networks.hosting(dice.pick(['US', 'NL', 'SG', 'PL'].filter((each) => each !== country))))
        : dice.pick(networks.anywhere(dice.pick(FAR))),
    () => {
      const cities = ELSEWHERE[country]
      if (dice.chance(0.35)) return dice.pick(networks.hosting(country))
      return dice.early(
        cities === undefined ? networks.anywhere(country) : networks.homes(country, dice.pick(cities)),
      )
    },
    () => (dice.chance(0.4) ? victim.home : dice.early(networks.homes(country, name))),
  )()
  const client = by(difficulty, dice.chance(0.5) ? RARER : COMMONEST, COMMONEST, deviceOf(victim, day).client)
  return { ip: addressIn(pool, dice), ...clientOf(client, day), device: null, asn: pool.asn }
}

/** When an attack begins: at any hour, or while the victim is at work. */
export function hourOf({ difficulty, victim, dice, day }: Scene): number {
  const start = midnight(victim.city.zone, day)
  return by(
    difficulty,
    start + dice.between(0, 23) * HOUR,
    start + dice.between(7, 21) * HOUR,
    start + (victim.startsAt + dice.between(1, 6)) * HOUR,
  )
}

export function sourceOf({ ip }: Origin): Entity {
  return { type: 'source', id: prefixOf(ip) }
}

/** All that tells where guesses come from: the network, its operator and the client. */
export function vantagesOf(origin: Foreign): Entity[] {
  const { asn, tls_fingerprint } = origin
  return [sourceOf(origin), { type: 'asn', id: String(asn) }, { type: 'client', id: tls_fingerprint }]
}

/** What a thief does who is in: takes what is worth it, louder or quieter. */
export function loot(scene: Scene, session: Session, origin: Origin, fromMs: number): Draft[] {
  const { difficulty, dice, victim, day } = scene
  const many = by(difficulty, dice.whole(25, 50), dice.whole(15, 28), dice.whole(8, 16))
  const pause = by(difficulty, 9_000, 35_000, 90_000)
  const own = departmentOf(victim, day)
  const mine = [...COMMON, ...DEPARTMENTS[own].apps].flatMap(resourcesOf)
  const wanted = by<() => Resource>(
    difficulty,
    () => dice.pick(ALL_RESOURCES),
    () =>
      dice.chance(0.7)
        ? dice.pick(mine)
        : dice.pick(ALL_RESOURCES.filter(({ sensitivity }) => sensitivity === 'high')),
    () => dice.pick(mine),
  )
  const drafts: Draft[] = []
  let at = fromMs
  for (let index = 0; index < many; index++) {
    const resource = wanted()
    const said = isMine(resource, own) ? {} : { said: NOT_YOURS }
    drafts.push(access(at, session, origin, resource, dice, said))
    at += dice.lognormal(pause, 0.6)
  }
  return drafts
}

/** A session that the thief opened. */
export function stolen({ dice, victim, day }: Scene, sinceMs: number): Session {
  const department = departmentOf(victim, day)
  return {
    subject: { type: 'user', id: victim.id },
    id: dice.hex(32),
    since_ms: sinceMs,
    groups: [department, `${department}-${victim.team}`, `site-${victim.site}`, 'staff'],
    amr: ['pwd', 'otp'],
  }
}

/** The same person's groups, without a session yet. */
export function before(session: Session): Omit<Session, 'id' | 'since_ms'> {
  const { subject, groups, amr } = session
  return { subject, groups, amr }
}

export function outsider(who: Person): boolean {
  return !who.strongFactor && !who.kiosk
}

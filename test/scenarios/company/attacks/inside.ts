import { ALL_RESOURCES, resourcesOf } from '../catalogue.ts'
import { Dice } from '../dice.ts'
import { access, PERMIT, signIn, type Draft, type Origin, type Said, type Session } from '../drafts.ts'
import { addressText } from '../networks.ts'
import { serviceSession } from '../services.ts'
import { departmentOf } from '../staff.ts'
import { DAY, HOUR, MINUTE, midnight } from '../time.ts'
import { deviceOf, whereabouts, type Place } from '../whereabouts.ts'
import { isMine, sessionOf, workingDay } from '../working-day.ts'
import { by, subjectOf, type Scenario, type Scene } from './scene.ts'
import { hourOf, loot, sourceOf, thief } from './thief.ts'

const NOT_YOURS: Said = { outcome: 'deny', reasons: ['permission_missing'] }

/** The laptop session that the victim really has that day, and when it was used first; null on a day without. */
function ownSession({
  victim,
  day,
  days,
  world,
}: Scene): { session: Session; fromMs: number; toMs: number } | null {
  const id = new Dice(world.seed, 'session', victim.index, day).hex(32)
  const own = workingDay(victim, day, days, world).filter(
    ({ decision }) => decision.subject.session_id === id,
  )
  const [first, last] = [own[0], own.at(-1)]
  if (first === undefined || last === undefined || own.length < 8) return null
  return { session: sessionOf(victim, day, first.at_ms, world.seed), fromMs: first.at_ms, toMs: last.at_ms }
}

/** The victim's own laptop, where it would be. */
function ownOrigin({ victim, day, world, dice }: Scene, internal = true): Origin {
  const place: Place = victim.kiosk
    ? { kind: 'kiosk' }
    : dice.chance(victim.atHome)
      ? { kind: 'home' }
      : { kind: 'office' }
  return whereabouts(victim, day, world).laptop(place, internal, dice)
}

/** The owner's session goes on; a thief uses the same token. */
export const sessionReplay: Scenario = (scene) => {
  const own = ownSession(scene)
  if (own === null) return null
  const { victim, dice } = scene
  const copy = thief(scene)
  // The header is copied with the token; the handshake is the thief's own, now and then of the same library.
  const origin =
    scene.difficulty === 'right_city' && dice.chance(0.7)
      ? { ...copy, tls_fingerprint: 't13d1517h2_ff31c0de' }
      : copy
  const at = own.fromMs + dice.between(0.3, 0.8) * (own.toMs - own.fromMs)
  return {
    entity: subjectOf(victim),
    also: [sourceOf(origin), { type: 'session', id: own.session.id }],
    drafts: loot(scene, own.session, origin, at),
  }
}

/** Somebody of the company takes what the job does not need, and is allowed to. */
export const insiderRare: Scenario = (scene) => {
  const { difficulty, victim, dice, day, days, world } = scene
  const own = departmentOf(victim, day)
  const rare = ALL_RESOURCES.filter((each) => each.sensitivity === 'high' && !isMine(each, own))
  const [perDay, lasts, pause] = by<[number, number, number]>(
    difficulty,
    [25, 1, 40_000],
    [10, 1, 25 * MINUTE],
    [2, 4, 2 * HOUR],
  )
  const drafts: Draft[] = []
  for (let each = day; each < Math.min(days, day + lasts); each++) {
    const session = ownSession({ ...scene, day: each })
    if (session === null) {
      if (each === day) return null
      continue
    }
    const origin = ownOrigin({ ...scene, day: each })
    let at = difficulty === 'naive' ? midnight(victim.city.zone, each) + 22 * HOUR : session.fromMs + HOUR
    for (let index = 0; index < perDay; index++) {
      drafts.push(access(at, session.session, origin, dice.pick(rare), dice))
      at += pause * dice.between(0.5, 1.5)
    }
  }
  const device = deviceOf(victim, day).id
  return {
    entity: subjectOf(victim),
    also: [
      { type: 'session', id: new Dice(world.seed, 'session', victim.index, day).hex(32) },
      ...(device === null ? [] : [{ type: 'device' as const, id: device }]),
    ],
    drafts,
  }
}

/** On somebody's laptop an administrator's credentials are used, which were found there. */
export const credentialSwitch: Scenario = (scene) => {
  const { difficulty, victim, everybody, dice } = scene
  const own = ownSession(scene)
  const device = deviceOf(victim, scene.day).id
  if (own === null || device === null || departmentOf(victim, scene.day) === 'it') return null
  const fits = everybody.filter(
    (each) =>
      each.department === 'it' &&
      each.firstDay < 0 &&
      each.lastDay > scene.day &&
      (difficulty === 'naive' || each.city.country === victim.city.country) &&
      (difficulty !== 'right_city' || each.city.name === victim.city.name),
  )
  if (fits.length === 0) return null
  const administrator = dice.pick(fits)
  const origin = ownOrigin(scene)
  let at = own.fromMs + HOUR
  const session: Session = {
    subject: { type: 'user', id: administrator.id },
    id: dice.hex(32),
    since_ms: at,
    groups: ['it', `it-${administrator.team}`, `site-${administrator.site}`, 'staff'],
    amr: ['pwd', 'otp'],
  }
  const drafts: Draft[] = [signIn(at, session, origin, PERMIT, '/mfa')]
  const wanted = [...resourcesOf('admin'), ...resourcesOf('secrets')]
  const [many, pause] = by<[number, number]>(difficulty, [25, 10_000], [12, 90_000], [6, 6 * MINUTE])
  for (let index = 0; index < many; index++) {
    at += pause * dice.between(0.5, 1.5)
    drafts.push(access(at, session, origin, dice.pick(wanted), dice))
  }
  return {
    entity: subjectOf(administrator),
    also: [{ type: 'device', id: device }, { type: 'session', id: session.id }, subjectOf(victim)],
    drafts,
  }
}

/** A program walks over all that there is, to see what opens: most of it does not. */
export const enumeration: Scenario = (scene) => {
  const { difficulty, victim, dice, day } = scene
  const own = ownSession(scene)
  if (own === null) return null
  const origin = difficulty === 'right_city' ? ownOrigin(scene) : thief(scene)
  const [many, pause] = by<[number, number]>(difficulty, [120, 900], [60, 60_000], [40, 8 * MINUTE])
  const department = departmentOf(victim, day)
  const drafts: Draft[] = []
  let at = own.fromMs + HOUR
  for (let index = 0; index < many; index++) {
    const resource = dice.pick(ALL_RESOURCES)
    drafts.push(
      access(
        at,
        own.session,
        origin,
        resource,
        dice,
        isMine(resource, department) ? {} : { said: NOT_YOURS },
      ),
    )
    at += pause * dice.between(0.6, 1.4)
  }
  return {
    entity: subjectOf(victim),
    also: [
      { type: 'session', id: own.session.id },
      ...(difficulty === 'right_city' ? [] : [sourceOf(origin)]),
    ],
    drafts,
  }
}

const TAKEN = ['drive', 'git', 'crm', 'records', 'contracts', 'ledger', 'analytics', 'desk'] as const

/** Somebody of the company takes along what they work with: known resources, unusual amounts. */
export const exfiltration: Scenario = (scene) => {
  const { difficulty, victim, dice, day, days } = scene
  const own = departmentOf(victim, day)
  const mine = ALL_RESOURCES.filter(
    (each) => isMine(each, own) && each.bytes >= 300_000 && TAKEN.some((app) => app === each.app),
  )
  const [perDay, lasts, bytes, pause] = by<[number, number, number, number]>(
    difficulty,
    [200, 1, 60e6, 15_000],
    [70, 1, 30e6, 5 * MINUTE],
    [25, 4, 15e6, 15 * MINUTE],
  )
  const drafts: Draft[] = []
  for (let each = day; each < Math.min(days, day + lasts); each++) {
    const session = ownSession({ ...scene, day: each })
    if (session === null) {
      if (each === day) return null
      continue
    }
    const origin = ownOrigin({ ...scene, day: each }, false)
    let at = session.fromMs + HOUR
    for (let index = 0; index < perDay && at < session.fromMs + DAY / 2; index++) {
      drafts.push(
        access(at, session.session, origin, dice.early(mine), dice, { bytes: dice.lognormal(bytes, 0.5) }),
      )
      at += pause * dice.between(0.5, 1.5)
    }
  }
  const first = ownSession(scene)
  return {
    entity: subjectOf(victim),
    also: first === null ? [] : [{ type: 'session', id: first.session.id }],
    drafts,
  }
}

/** A program's token in the hands of a person. */
export const serviceInteractive: Scenario = (scene) => {
  const { difficulty, programs, dice } = scene
  const program = dice.pick(programs)
  const copy = thief(scene)
  const origin: Origin =
    difficulty === 'right_city'
      ? {
          ...copy,
          ip: addressBeside(scene, program.prefixes),
          user_agent: program.user_agent,
          tls_fingerprint: 't13d190900_program0',
        }
      : copy
  const session = serviceSession(program)
  return {
    entity: { type: 'subject', id: `service:${program.id}` },
    also: [sourceOf(origin), { type: 'session', id: session.id }],
    drafts: loot(scene, session, origin, hourOf(scene)),
  }
}

/** Another machine of the same provider. */
function addressBeside({ world, dice }: Scene, prefixes: readonly number[]): string {
  const pools = ['DE', 'US', 'SG'].flatMap((country) => world.networks.hosting(country))
  const same = pools.find((pool) => pool.prefixes.some((prefix) => prefixes.includes(prefix)))
  const prefix = dice.pick(same?.prefixes ?? prefixes)
  return addressText(prefix + dice.whole(30, 200))
}

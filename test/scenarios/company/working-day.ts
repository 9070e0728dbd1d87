import { ALL_RESOURCES, COMMON, DEPARTMENTS, resourcesOf, type Resource } from './catalogue.ts'
import { calendarOf, type Calendar } from './calendar.ts'
import { Dice } from './dice.ts'
import { access, signIn, type Draft, type Origin, type Said, type Session } from './drafts.ts'
import { departmentOf, type Person } from './staff.ts'
import { stays, type Stay } from './stays.ts'
import { DAY, HOUR, MINUTE, START_MS } from './time.ts'
import { whereabouts, type World } from './whereabouts.ts'

const STEP_UP: Said = { outcome: 'step_up', reasons: ['step_up_required'] }
const TYPO: Said = { outcome: 'deny', reasons: ['credentials_rejected'] }
const NO_ANSWER: Said = { outcome: 'deny', reasons: ['mfa_rejected'] }
const REFUSED: Said = { outcome: 'deny', reasons: ['policy_deny'] }
const NOT_YOURS: Said = { outcome: 'deny', reasons: ['permission_missing'] }
const PERMITTED: Said = { outcome: 'permit', reasons: ['policy_permit'] }
const WRONG_REVISION = 'f00dfeed12345678'

/** The groups that somebody is in on a day. */
export function groupsOf(who: Person, day: number): readonly string[] {
  const department = departmentOf(who, day)
  return [department, `${department}-${who.team}`, `site-${who.site}`, 'staff']
}

/** The session that somebody's laptop has on a day. */
export function sessionOf(who: Person, day: number, sinceMs: number, seed: number): Session {
  return {
    subject: { type: 'user', id: who.id },
    id: new Dice(seed, 'session', who.index, day).hex(32),
    since_ms: sinceMs,
    groups: groupsOf(who, day),
    amr: who.strongFactor ? ['hwk', 'user'] : ['pwd', 'otp'],
  }
}

/** All that one person does on one local day, in the order of time. */
export function workingDay(who: Person, day: number, days: number, world: World): Draft[] {
  if (day < who.firstDay || day > who.lastDay) return []
  const dice = new Dice(world.seed, 'day', who.index, day)
  const calendar = calendarOf(days)
  const where = whereabouts(who, day, world)
  const drafts: Draft[] = []
  let laptop: Session | undefined
  for (const stay of stays(who, day, calendar, dice)) {
    for (const atMs of momentsOf(stay, dice)) {
      if (stay.device === 'phone') {
        drafts.push(...phonePeek(who, day, atMs, stay, world, dice))
        continue
      }
      let at = atMs
      if (laptop === undefined) {
        laptop = sessionOf(who, day, atMs, world.seed)
        drafts.push(...signingIn(atMs, laptop, where.laptop(stay.place, false, dice), dice))
        at += 40_000
      }
      const length = 1 + dice.poisson(4)
      for (let index = 0; index < length; index++) {
        const resource = stay.resource?.(dice) ?? choose(who, day, calendar, dice)
        const origin = where.laptop(stay.place, resource.internal, dice)
        drafts.push(...visit(at, laptop, origin, resource, who, calendar, dice))
        at += Math.min(10 * MINUTE, dice.lognormal(22_000, 1))
      }
    }
  }
  return drafts.sort((a, b) => a.at_ms - b.at_ms)
}

function momentsOf({ from_ms, to_ms, bursts }: Stay, dice: Dice): number[] {
  return Array.from({ length: bursts }, () => dice.between(from_ms, to_ms)).sort((a, b) => a - b)
}

/** Password, now and then mistyped, and a second factor. */
export function signingIn(atMs: number, session: Session, origin: Origin, dice: Dice): Draft[] {
  const drafts: Draft[] = []
  const mistakes = dice.chance(0.06) ? dice.whole(1, 2) : dice.chance(0.003) ? dice.whole(3, 7) : 0
  let at = atMs
  for (let index = 0; index < mistakes; index++) {
    drafts.push(signIn(at, session, origin, TYPO))
    at += dice.between(4_000, 15_000)
  }
  if (session.amr.includes('hwk'))
    return [...drafts, signIn(at, { ...session, since_ms: at }, origin, PERMITTED)]
  drafts.push(signIn(at, session, origin, STEP_UP))
  at += dice.between(4_000, 12_000)
  while (dice.chance(0.03)) {
    drafts.push(signIn(at, session, origin, NO_ANSWER, '/mfa'))
    at += dice.between(20_000, 40_000)
  }
  return [...drafts, signIn(at, { ...session, since_ms: at }, origin, PERMITTED, '/mfa')]
}

/** What somebody uses next, of what they usually use. */
export function choose(who: Person, day: number, calendar: Calendar, dice: Dice): Resource {
  const department = departmentOf(who, day)
  // A link that somebody sent, a page found by searching; now and then one that is not for everybody.
  if (dice.chance(who.curiosity)) {
    const sensitive = dice.chance(0.04)
    return dice.pick(ALL_RESOURCES.filter(({ sensitivity }) => (sensitivity === 'high') === sensitive))
  }
  const closing = day >= calendar.quarterEnd.from && day <= calendar.quarterEnd.to
  if (department === 'finance' && closing && dice.chance(0.35)) {
    const apps =
      who.team === 1 ? ['ledger', 'billing', 'board'] : ['ledger', 'ledger', 'billing', 'contracts']
    return dice.pick(resourcesOf(dice.pick(apps)))
  }
  const app = dice.chance(0.42) ? dice.early(COMMON) : dice.early(DEPARTMENTS[department].apps)
  return dice.early(resourcesOf(app))
}

function visit(
  atMs: number,
  session: Session,
  origin: Origin,
  resource: Resource,
  who: Person,
  calendar: Calendar,
  dice: Dice,
): Draft[] {
  const own = session.groups[0] ?? ''
  const rolloutMs = START_MS + calendar.rolloutDay * DAY + 9 * HOUR
  if (
    resource.app === 'crm' &&
    own === 'sales' &&
    who.index % 4 !== 0 &&
    atMs >= rolloutMs &&
    atMs < rolloutMs + 4 * HOUR
  ) {
    // Whoever is refused what worked yesterday tries again.
    const tries = dice.whole(1, 5)
    return Array.from({ length: tries }, (_, index) =>
      access(atMs + index * 9_000, session, origin, resource, dice, {
        said: REFUSED,
        revision: WRONG_REVISION,
      }),
    )
  }
  // Who prepares the board's papers is let in for that.
  const mine = isMine(resource, own) || (own === 'finance' && resource.app === 'board')
  if (!mine && dice.chance(resource.sensitivity === 'high' ? 0.8 : 0.4))
    return [access(atMs, session, origin, resource, dice, { said: NOT_YOURS })]
  return [access(atMs, session, origin, resource, dice, dice.chance(0.006) ? { said: REFUSED } : {})]
}

/** Whether a department works with an application. */
export function isMine({ app }: Resource, department: string): boolean {
  const apps: readonly string[] =
    Object.entries(DEPARTMENTS).find(([name]) => name === department)?.[1].apps ?? []
  return apps.includes(app) || COMMON.some((each) => each === app)
}

const PEEKED = ['mail', 'chat', 'calendar'] as const

function phonePeek(who: Person, day: number, atMs: number, stay: Stay, world: World, dice: Dice): Draft[] {
  const origin = whereabouts(who, day, world).phone(stay.place, atMs, dice)
  const week = Math.floor((day + who.index) / 7)
  const session: Session = {
    ...sessionOf(who, day, Math.min(atMs, START_MS + (week * 7 - (who.index % 7)) * DAY), world.seed),
    id: new Dice(world.seed, 'phone', who.index, week).hex(32),
  }
  return Array.from({ length: 1 + dice.poisson(1.5) }, (_, index) =>
    access(
      atMs + index * dice.between(3_000, 20_000),
      session,
      origin,
      dice.early(resourcesOf(dice.early(PEEKED))),
      dice,
    ),
  )
}

import { resourcesOf } from './catalogue.ts'
import { calendarOf, isWeekend } from './calendar.ts'
import { laptopClient } from './clients.ts'
import { Dice } from './dice.ts'
import { access, PERMIT, signIn, type Draft, type Session } from './drafts.ts'
import { departmentOf, type Person } from './staff.ts'
import { HOUR, midnight } from './time.ts'
import { deviceOf, whereabouts, type World } from './whereabouts.ts'
import { choose, groupsOf, isMine, signingIn } from './working-day.ts'

/** Share of people who have a computer of their own that they work with in some evenings; the rest do once in years. */
const HABITUAL = 0.03
const EVENINGS = 0.2
const ONCE = 0.0005
/** Laptops that the help desk signs in to on a day. */
const HELPED = 0.001

/** Whether somebody whose laptop is the company's works with a computer of their own that evening. */
export function worksPrivately(who: Person, day: number, seed: number): boolean {
  if (!isThere(who, day) || who.kiosk || deviceOf(who, day).id === null) return false
  const habitual = new Dice(seed, 'private', who.index).chance(HABITUAL)
  return new Dice(seed, 'private', who.index, day).chance(habitual ? EVENINGS : ONCE)
}

/** An evening at a computer that the company does not know: what a thief with a stolen password looks like. */
export function privateEvening(who: Person, day: number, days: number, world: World): Draft[] {
  if (!worksPrivately(who, day, world.seed)) return []
  const { seed } = world
  const dice = new Dice(seed, 'private-evening', who.index, day)
  const calendar = calendarOf(days)
  const client = laptopClient('sales', calendar.newVersionDay, new Dice(seed, 'private-client', who.index))
  const origin = whereabouts(who, day, world).own(client)
  let at = midnight(who.city.zone, day) + dice.between(17.5, 22) * HOUR
  const session: Session = {
    subject: { type: 'user', id: who.id },
    id: dice.hex(32),
    since_ms: at,
    groups: groupsOf(who, day),
    amr: who.strongFactor ? ['hwk', 'user'] : ['pwd', 'otp'],
  }
  const drafts = signingIn(at, session, origin, dice)
  for (let index = dice.whole(3, 12); index > 0; index--) {
    at += 40_000 + Math.min(10 * 60_000, dice.lognormal(22_000, 1))
    const resource = choose(who, day, calendar, dice)
    if (isMine(resource, departmentOf(who, day))) drafts.push(access(at, session, origin, resource, dice))
  }
  return drafts
}

/** Who of the help desk signs in on somebody's laptop that day, to mend something; undefined on nearly all days. */
export function helperOf(
  who: Person,
  day: number,
  everybody: readonly Person[],
  seed: number,
): Person | undefined {
  if (isWeekend(day) || !isThere(who, day) || who.kiosk || deviceOf(who, day).id === null) return undefined
  const dice = new Dice(seed, 'help', who.index, day)
  if (departmentOf(who, day) === 'it' || !dice.chance(HELPED)) return undefined
  const desk = everybody.filter(
    (each) => each.department === 'it' && each.city.name === who.city.name && isThere(each, day),
  )
  return desk.length === 0 ? undefined : dice.pick(desk)
}

/** An administrator's credentials on somebody else's laptop, as they should be there. */
export function helpDesk(who: Person, day: number, everybody: readonly Person[], world: World): Draft[] {
  const helper = helperOf(who, day, everybody, world.seed)
  if (helper === undefined) return []
  const dice = new Dice(world.seed, 'help-desk', who.index, day)
  const origin = whereabouts(who, day, world).laptop({ kind: 'office' }, true, dice)
  let at = midnight(who.city.zone, day) + (who.startsAt + dice.between(1, 6)) * HOUR
  const session: Session = {
    subject: { type: 'user', id: helper.id },
    id: dice.hex(32),
    since_ms: at,
    groups: groupsOf(helper, day),
    amr: helper.strongFactor ? ['hwk', 'user'] : ['pwd', 'otp'],
  }
  const drafts: Draft[] = [signIn(at, session, origin, PERMIT, '/mfa')]
  for (let index = dice.whole(2, 5); index > 0; index--) {
    at += dice.lognormal(60_000, 0.8)
    drafts.push(access(at, session, origin, dice.pick(resourcesOf(dice.pick(['admin', 'wiki']))), dice))
  }
  return drafts
}

function isThere({ firstDay, lastDay, away, trips }: Person, day: number): boolean {
  return (
    day >= firstDay &&
    day <= lastDay &&
    (away === null || day < away.from || day >= away.to) &&
    !trips.some(({ from, to }) => day >= from && day <= to)
  )
}

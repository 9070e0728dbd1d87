import { resourcesOf, type Resource } from './catalogue.ts'
import { isWeekend, type Calendar } from './calendar.ts'
import type { Dice } from './dice.ts'
import { departmentOf, flightMs, type Person, type Trip } from './staff.ts'
import { HOUR, midnight } from './time.ts'
import type { Place } from './whereabouts.ts'

/** Some time at one place with one device, in bursts of accesses. */
export interface Stay {
  readonly from_ms: number
  readonly to_ms: number
  readonly place: Place
  readonly device: 'laptop' | 'phone'
  readonly bursts: number
  /** What is used there, where it is not the usual. */
  readonly resource?: (dice: Dice) => Resource
}

const BURST = 5

/** A person's day as stays, in the order of time. */
export function stays(who: Person, day: number, calendar: Calendar, dice: Dice): Stay[] {
  const { away } = who
  if (away !== null && day >= away.from && day < away.to)
    return who.phone !== null && dice.chance(0.08) ? [peek(who, day, 11, dice)] : []
  const trip = who.trips.find(({ from, to }) => day >= from && day <= to)
  const found = trip === undefined ? ordinary(who, day, calendar, dice) : travelling(who, day, trip, dice)
  const landed = landedMs(who, day)
  return [...(trip === undefined ? night(who, day, dice) : []), ...found]
    .filter(({ to_ms, place }) => place.kind === 'plane' || to_ms > landed)
    .map((stay) =>
      stay.place.kind === 'plane' ? stay : { ...stay, from_ms: Math.max(stay.from_ms, landed) },
    )
    .sort((a, b) => a.from_ms - b.from_ms)
}

/** When the last flight before a day was over: a long one ends on the next. */
function landedMs({ trips, city }: Person, day: number): number {
  const trip = trips.findLast(({ from }) => from < day)
  if (trip === undefined) return 0
  const back = day > trip.to
  const leaves = back
    ? midnight(trip.city.zone, trip.to) + trip.returnsAt * HOUR
    : midnight(city.zone, trip.from) + trip.leavesAt * HOUR
  return leaves + flightMs(city, trip.city) + HOUR / 2
}

/** Whether somebody is on call in a day's week: one of 24 technical people. */
export function isOnCall(who: Person, day: number): boolean {
  const department = departmentOf(who, day)
  return (department === 'engineering' || department === 'it') && who.index % 24 === Math.floor(day / 7) % 24
}

/** When the night's call comes, or null. */
function night(who: Person, day: number, dice: Dice): Stay[] {
  if (!isOnCall(who, day) || !dice.chance(0.4)) return []
  const from = midnight(who.city.zone, day) + dice.between(0.5, 4.5) * HOUR
  const tools = ['deploy', 'deploy', 'deploy', 'secrets', 'ci', 'analytics']
  return [
    {
      from_ms: from,
      to_ms: from + dice.between(0.4, 1.2) * HOUR,
      place: { kind: 'home' },
      device: 'laptop',
      bursts: dice.whole(3, 7),
      resource: (own) => own.pick(resourcesOf(own.pick(tools))),
    },
  ]
}

function ordinary(who: Person, day: number, calendar: Calendar, dice: Dice): Stay[] {
  const start = midnight(who.city.zone, day) + Math.max(5.5, who.startsAt + dice.normal(0, 0.4)) * HOUR
  const closing = day >= calendar.quarterEnd.from && day <= calendar.quarterEnd.to
  const busy = departmentOf(who, day) === 'finance' && closing
  const place: Place = who.kiosk
    ? { kind: 'kiosk' }
    : dice.chance(who.atHome)
      ? { kind: 'home' }
      : { kind: 'office' }
  const bursts = (share: number) =>
    Math.max(1, Math.round((share * dice.lognormal(who.workload, 0.3)) / BURST))
  if (isWeekend(day) && !(busy && dice.chance(0.6))) {
    return [
      ...(dice.chance(0.1) ? [laptop(start + 2 * HOUR, 3, { kind: 'home' }, bursts(0.2))] : []),
      ...(who.phone !== null && dice.chance(0.35)
        ? [peek(who, day, who.startsAt + dice.between(1, 11), dice)]
        : []),
    ]
  }
  const hours = who.hours + (busy ? 3 : 0)
  const found = [laptop(start, hours, place, bursts(busy ? 1.8 : 1))]
  if (who.phone !== null && !who.kiosk) {
    if (dice.chance(0.35)) found.push(phone(start - 0.8 * HOUR, 0.6, { kind: 'home' }, 1))
    if (dice.chance(0.35)) found.push(phone(start, hours, place, dice.whole(1, 3)))
    if (dice.chance(0.25)) found.push(phone(start + (hours + 1) * HOUR, 3, { kind: 'home' }, 1))
  }
  if (!who.kiosk && dice.chance(0.12))
    found.push(laptop(start + (hours + 2) * HOUR, 1.5, { kind: 'home' }, bursts(0.15)))
  return found
}

/** Out on the first day, back on the last, and work from a hotel in between. */
function travelling(who: Person, day: number, trip: Trip, dice: Dice): Stay[] {
  const hotel: Place = { kind: 'hotel', city: trip.city }
  const there = midnight(trip.city.zone, day)
  const bursts = (share: number) => Math.max(1, Math.round((share * who.workload) / BURST))
  const flight = flightMs(who.city, trip.city)
  const roams = (from: number, hours: number) =>
    who.phone !== null && dice.chance(0.6) ? [phone(from, hours, hotel, dice.whole(1, 3))] : []
  const inTheAir = (from: number) =>
    flight > 4 * HOUR && dice.chance(0.2)
      ? [laptop(from + 2 * HOUR, (flight - 3 * HOUR) / HOUR, { kind: 'plane' }, 2)]
      : []
  if (day === trip.from) {
    const leaves = midnight(who.city.zone, day) + trip.leavesAt * HOUR
    const lands = leaves + flight
    return [
      laptop(leaves - 1.5 * HOUR, 1, { kind: 'home' }, 1),
      ...inTheAir(leaves),
      laptop(lands + 0.5 * HOUR, 2.5, hotel, bursts(0.3)),
      ...roams(lands, 3),
    ]
  }
  if (day === trip.to) {
    const leaves = there + trip.returnsAt * HOUR
    const lands = leaves + flight
    return [
      laptop(
        there + who.startsAt * HOUR,
        Math.max(1, (leaves - there) / HOUR - who.startsAt - 1),
        hotel,
        bursts(0.5),
      ),
      ...inTheAir(leaves),
      ...(dice.chance(0.5) ? [laptop(lands + HOUR, 1, { kind: 'home' }, 1)] : []),
    ]
  }
  const start = there + who.startsAt * HOUR
  return [laptop(start, who.hours, hotel, bursts(isWeekend(day) ? 0.1 : 0.8)), ...roams(start, who.hours)]
}

function peek(who: Person, day: number, hour: number, dice: Dice): Stay {
  return phone(midnight(who.city.zone, day) + hour * HOUR, dice.between(0.2, 1), { kind: 'home' }, 1)
}

function laptop(from_ms: number, hours: number, place: Place, bursts: number): Stay {
  return { from_ms, to_ms: from_ms + hours * HOUR, place, device: 'laptop', bursts }
}

function phone(from_ms: number, hours: number, place: Place, bursts: number): Stay {
  return { ...laptop(from_ms, hours, place, bursts), device: 'phone' }
}

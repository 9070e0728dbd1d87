import { haversine } from '../../../services/scoring/statistics/haversine.ts'
import { DEPARTMENTS, type Department } from './catalogue.ts'
import { ABROAD, REMOTE, SITES, type City, type SiteName } from './cities.ts'
import { calendarOf } from './calendar.ts'
import { laptopClient, phoneClient, type Client } from './clients.ts'
import { Dice } from './dice.ts'
import type { Networks, Pool } from './networks.ts'
import { HOUR } from './time.ts'

/** How somebody reaches what is inside. */
export type Tunnel = 'none' | 'split' | 'full'

export interface Trip {
  readonly from: number
  readonly to: number
  readonly city: City
  /** Local hours at which the planes leave, out and back. */
  readonly leavesAt: number
  readonly returnsAt: number
}

export interface Device {
  readonly id: string | null
  readonly client: Client
  /** What the person moves to when the device is replaced. */
  readonly fromDay: number
}

export interface Person {
  readonly index: number
  readonly id: string
  readonly site: SiteName
  readonly city: City
  readonly department: Department
  readonly team: number
  /** Local hour of beginning, and how long a day is. */
  readonly startsAt: number
  readonly hours: number
  /** Decisions on a working day, median. */
  readonly workload: number
  /** Share of days at home. */
  readonly atHome: number
  readonly tunnel: Tunnel
  readonly gateway: GatewayName
  readonly home: Pool
  /** Days between changes of the home address; a few providers change daily. */
  readonly lease: number
  readonly carrier: Pool
  readonly laptops: readonly Device[]
  readonly phone: Client | null
  readonly strongFactor: boolean
  readonly firstDay: number
  readonly lastDay: number
  readonly trips: readonly Trip[]
  readonly away: { readonly from: number; readonly to: number } | null
  /** From that day in another department. */
  readonly moves: { readonly day: number; readonly to: Department } | null
  /** Share of accesses to something new. */
  readonly curiosity: number
  /** Works on a shared terminal. */
  readonly kiosk: boolean
}

const GATEWAYS = ['frankfurt', 'ashburn', 'singapore'] as const
export type GatewayName = (typeof GATEWAYS)[number]

const NEAREST: Readonly<Record<SiteName, GatewayName>> = {
  berlin: 'frankfurt',
  london: 'frankfurt',
  newYork: 'ashburn',
  bengaluru: 'singapore',
  singapore: 'singapore',
  remote: 'frankfurt',
}

/** The staff of a company, the same for the same seed. */
export function staff(people: number, days: number, seed: number, networks: Networks): readonly Person[] {
  return Array.from({ length: people }, (_, index) => person(index, days, seed, networks))
}

function person(index: number, days: number, seed: number, networks: Networks): Person {
  const dice = new Dice(seed, 'person', index)
  const site = dice.weighted(
    Object.fromEntries(Object.entries(SITES).map(([name, { share }]) => [name, share])) as Record<
      SiteName,
      number
    >,
  )
  const department = dice.weighted(
    Object.fromEntries(Object.entries(DEPARTMENTS).map(([name, { share }]) => [name, share])) as Record<
      Department,
      number
    >,
  )
  const city: City = site === 'remote' ? dice.pick(REMOTE) : SITES[site].city
  const owl = dice.chance(0.2)
  const joins = index % 33 !== 7 && dice.chance(0.04)
  // Every company of a hundred has some whose account outlives them.
  const leaves = index % 33 === 7
  const travels = department === 'sales' ? 0.22 : department === 'leadership' ? 0.4 : 0.06
  const kiosk = department === 'operations' && site !== 'remote' && dice.chance(0.5)
  const { newVersionDay } = calendarOf(days)
  const replaced = dice.chance((0.03 * days) / 30) ? dice.whole(3, Math.max(4, days - 2)) : null
  return {
    index,
    id: `u${String(index + 1).padStart(5, '0')}`,
    site,
    city,
    department,
    team: dice.whole(1, 6),
    startsAt: Math.max(6, dice.normal(owl ? 10.5 : 8.6, 0.7)),
    hours: dice.between(7, 9.5),
    workload: Math.min(140, dice.lognormal(department === 'operations' ? 26 : 38, 0.45)),
    atHome: kiosk ? 0 : site === 'remote' ? 1 : dice.pick([0, 0.2, 0.4, 0.4, 0.6, 0.8]),
    tunnel: dice.weighted({ none: 0.6, full: 0.3, split: 0.1 }),
    gateway: dice.chance(0.75) ? NEAREST[site] : dice.pick(GATEWAYS),
    home: dice.early(networks.homes(city.country, city.name)),
    lease: dice.pick([1, 7, 30, 90, 90]),
    carrier: dice.early(networks.carriers(city.country, city.name)),
    laptops: laptops(index, department, replaced, newVersionDay, dice),
    phone: dice.chance(0.7) ? phoneClient(newVersionDay, dice) : null,
    strongFactor: dice.chance(0.25),
    firstDay: joins ? dice.whole(1, Math.max(2, days - 4)) : -1,
    lastDay: leaves ? dice.whole(Math.ceil(days * 0.15), Math.ceil(days * 0.4)) : days,
    trips: tripsOf(city, travels, days, dice),
    away: dice.chance((0.25 * days) / 30) ? awayOf(days, dice) : null,
    moves:
      dice.chance((0.03 * days) / 30) && !kiosk
        ? {
            day: dice.whole(5, Math.max(6, days - 3)),
            to: dice.pick(['engineering', 'sales', 'support', 'finance', 'it'] as const),
          }
        : null,
    curiosity: dice.lognormal(0.012, 0.7),
    kiosk,
  }
}

function laptops(
  index: number,
  department: string,
  replaced: number | null,
  newVersionDay: number,
  dice: Dice,
): Device[] {
  const own = dice.chance(0.12)
  const device = (serial: number, fromDay: number): Device => ({
    id: own ? null : `lt-${String(index + 1).padStart(5, '0')}-${serial}`,
    client: laptopClient(department, newVersionDay, dice),
    fromDay,
  })
  const first = device(1, 0)
  return replaced === null ? [first] : [first, device(2, replaced)]
}

function tripsOf(home: City, aWeek: number, days: number, dice: Dice): Trip[] {
  const all = [...Object.values(SITES).map(({ city }) => city), ...ABROAD]
  const found: Trip[] = []
  for (let week = 0; week * 7 < days; week++) {
    if (!dice.chance(aWeek)) continue
    const from = week * 7 + dice.whole(0, 2)
    const city = dice.pick(all.filter(({ name }) => name !== home.name))
    const far = flightMs(home, city) > 8 * HOUR
    const to = from + dice.whole(far ? 2 : 1, 4)
    found.push({ from, to, city, leavesAt: dice.between(7, 12), returnsAt: dice.between(12, 17) })
  }
  return found
}

/** Door to door beyond the time in the air. */
const AIRPORTS_MS = 3 * HOUR
const AIR_KMH = 820

/** From leaving to arriving. */
export function flightMs(from: City, to: City): number {
  return AIRPORTS_MS + (haversine(from.latitude, from.longitude, to.latitude, to.longitude) / AIR_KMH) * HOUR
}

/** The department somebody is in on a day. */
export function departmentOf({ department, moves }: Person, day: number): Department {
  return moves !== null && day >= moves.day ? moves.to : department
}

function awayOf(days: number, dice: Dice): { from: number; to: number } {
  const from = dice.whole(2, Math.max(3, days - 4))
  return { from, to: from + dice.pick([3, 7, 7, 14, 14, 18]) }
}

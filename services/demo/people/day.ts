import { seedOf, seededRandom } from '../random.ts'
import type { Random } from '../random.ts'
import type { Agent, Habit, Person, Target } from './person.ts'
import { addressIn } from './places.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** From where and with what a person works at some moment. */
export interface Whereabouts {
  readonly ip: string
  readonly agent: Agent
  readonly place: 'office' | 'home' | 'on the way'
  /** The computer, as the inventory names it; null: a telephone. */
  readonly device: string | null
}

/**
 * How much of their working day has passed for somebody at `ms`, from 0 to
 * below 1; null when they don't work: five days of seven, from their start, for
 * their hours.
 */
export function passedOfDay(person: Person, ms: number): number | null {
  const local = ms + person.site.utc_offset_h * HOUR_MS
  // A day that began in the evening may end after midnight, so the one before counts too.
  for (const back of [0, 1]) {
    const day = Math.floor(local / DAY_MS) - back
    const passed = (local - day * DAY_MS - startOf(person, day)) / (person.hours * HOUR_MS)
    if (passed >= 0 && passed < 1 && isWorkday(person, day)) return passed
  }
  return null
}

export function isWorking(person: Person, ms: number): boolean {
  return passedOfDay(person, ms) !== null
}

/** Where a working person is: on the way with the phone at first and at last, in between where the day is spent. */
export function whereabouts(person: Person, ms: number): Whereabouts {
  const local = ms + person.site.utc_offset_h * HOUR_MS
  const today = Math.floor(local / DAY_MS)
  const day = local - today * DAY_MS < startOf(person, today) ? today - 1 : today
  const passed = (local - day * DAY_MS - startOf(person, day)) / (person.hours * HOUR_MS)
  const random = seededRandom(seedOf(`${person.id}/place/${day}`))
  const inOffice = random.next() < person.office_share
  if (inOffice && (passed < 0.06 || passed > 0.94))
    return {
      ip: addressIn(person.site.carrier, person.host),
      agent: person.agents[1],
      place: 'on the way',
      device: null,
    }
  if (inOffice)
    return {
      ip: addressIn(person.site.office, person.host),
      agent: person.agents[0],
      place: 'office',
      device: person.computer,
    }
  const home = person.site.homes[person.home]
  if (!home) throw new RangeError(`${person.id} has no home`)
  return { ip: addressIn(home, person.host), agent: person.agents[0], place: 'home', device: person.computer }
}

/** What a person opens next. */
export function nextTarget(habits: readonly Habit[], random: Random): Target {
  const total = habits.reduce((sum, habit) => sum + habit.weight, 0)
  let rest = random.next() * total
  for (const habit of habits) {
    rest -= habit.weight
    if (rest <= 0) return habit.target
  }
  const last = habits.at(-1)
  if (!last) throw new RangeError('somebody without a habit')
  return last.target
}

/** Start of a day in ms after local midnight: the habit, half an hour early or late. */
function startOf(person: Person, day: number): number {
  const jitter = seededRandom(seedOf(`${person.id}/start/${day}`)).next() - 0.5
  return (person.starts_h + jitter) * HOUR_MS
}

function isWorkday(person: Person, day: number): boolean {
  return (day + seedOf(person.id)) % 7 < 5
}

import { f32, f64, layout, records, u32, type StateOf } from '../form/layout.ts'
import { moments } from '../form/moments.ts'
import { isWeekend } from '../weekend.ts'

const HOURS_A_DAY = 24
/** Hours of the overall mean that stand behind each part of the week. */
const BACKED_HOURS = 4
const LEAST_DAY_DEVIATION = 0.3
const MOST_HOURS = 240
const MOST_PART_HOURS = 60
const MOST_DAYS = 60
const PARTS = 8
const fields = {
  hour: u32,
  day: u32,
  requests: u32,
  day_requests: u32,
  strange_hour: u32,
  strange_day: u32,
  sum: f64,
  /** Requests of an active hour. */
  hours: moments,
  /** ln(1 + requests) of an active day. */
  days: moments,
  parts: records(PARTS, { n: f32, mean: f32 }),
}

/** What a subject requests in an hour and a day, of which the one that runs is counted apart until it is over. */
export const volumeLayout = layout(fields)
export type VolumeState = StateOf<typeof fields>

/** Requests of a mean hour in the part of the week that `hour` (since the epoch) is in. */
export function expectedAt({ hours, parts }: Readonly<VolumeState>, hour: number): number {
  const part = parts[partOf(hour)]
  if (part === undefined) return hours.mean
  return (part.n * part.mean + BACKED_HOURS * hours.mean) / (part.n + BACKED_HOURS)
}

/** The cumulative sum of days as `hour` finds it, whether or not the day before was ended. */
export function sumAt(state: Readonly<VolumeState>, hour: number): number {
  return dayOf(hour) > state.day ? nextSum(state) : state.sum
}

/** Ends the hour and the day before `hour`: unless something in them was strange, they are learnt from. */
export function rollTo(state: VolumeState, hour: number): void {
  if (hour > state.hour) endHour(state, hour)
  if (dayOf(hour) > state.day) endDay(state, dayOf(hour))
}

function endHour(state: VolumeState, hour: number): void {
  if (state.hour !== 0 && state.strange_hour === 0) {
    state.hours.add(state.requests, MOST_HOURS)
    const part = state.parts[partOf(state.hour)]
    if (part !== undefined) {
      part.n = Math.min(MOST_PART_HOURS, part.n + 1)
      part.mean += (state.requests - part.mean) / part.n
    }
  }
  state.hour = hour
  state.requests = 0
  state.strange_hour = 0
}

function endDay(state: VolumeState, day: number): void {
  if (state.day !== 0) {
    state.sum = nextSum(state)
    if (state.strange_day === 0) state.days.add(Math.log1p(state.day_requests), MOST_DAYS)
  }
  state.day = day
  state.day_requests = 0
  state.strange_day = 0
}

/** The cumulative sum with the day that is over; it begins after a week. */
function nextSum(state: Readonly<VolumeState>): number {
  if (state.days.n < 7) return 0
  return Math.max(0, state.sum + state.days.above(Math.log1p(state.day_requests), LEAST_DAY_DEVIATION) - 0.5)
}

function dayOf(hour: number): number {
  return Math.floor(hour / HOURS_A_DAY)
}

/** Which of four parts of the day, on a weekday or at the weekend. */
function partOf(hour: number): number {
  return Math.floor((hour % HOURS_A_DAY) / 6) + (isWeekend(hour) ? 4 : 0)
}

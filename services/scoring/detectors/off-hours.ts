import type { Detector, EnrichedDecision } from '../detector.ts'
import type { Field } from '../state/form/layout.ts'
import { f32, layout, u32, type StateOf } from '../state/form/layout.ts'
import { isWeekend } from '../state/weekend.ts'
import type { Words } from '../state/form/words.ts'
import { decay } from '../statistics/decay.ts'

export interface OffHoursOptions {
  readonly halfLifeMs: number
  readonly leastHours: number
}

/**
 * Off-hours: a subject is at work at an hour of the week at which it never is.
 *
 * Catches a thief in another part of the world, and an insider who waits until
 * nobody looks. Misses whoever keeps the owner's hours. Weak by itself: it is
 * for being seen beside something else.
 *
 * False positives: nights on call, a deadline, a new shift. Only what is
 * sensitive counts, and a subject of irregular hours has no unusual one.
 *
 *     score = s ln((1 / 168) / p(hour, day | u))
 *     p = (m / 168 + w n p_hour p_day) / (m + n),  m = 2
 *
 * with p_hour the share of active hours at this hour of the day, smoothed over
 * two hours on either side (1 2 3 2 1), p_day that of weekdays or of the
 * weekend; n active hours, half-life 45 days, at most 200; s = 1 for resources
 * of high sensitivity, 0.8 for medium, 0 for low. Hours are UTC: what counts is
 * the subject's own rhythm, so somebody who travels and keeps office hours there
 * is late or early by the zones in between. 0 below n = 40.
 *
 * Cost: O(5), at most 130 bytes a subject.
 *
 * @see NIST SP 800-63B, section 6 (time of day as a signal); MITRE ATT&CK T1078.
 * @example 100 hours from 8 to 17 on weekdays, then 2 in the morning, on something of high sensitivity: 3.9.
 */
export function offHours({
  halfLifeMs = 45 * 86_400_000,
  leastHours = 40,
}: Partial<OffHoursOptions> = {}): Detector<EnrichedDecision, HoursState> {
  const share = (state: Readonly<HoursState>, hour: number) => {
    let smooth = 0
    for (let away = -2; away <= 2; away++)
      smooth += (3 - Math.abs(away)) * (state.hours[(hour + away + 24) % 24] ?? 0)
    const total = state.weekday + state.weekend
    const day = isWeekend(hour) ? state.weekend / 2 : state.weekday / 5
    // Over the day the smoothed weights sum to 9, over the week the days' shares to 1.
    return total === 0 ? 0 : (smooth / 9 / total) * (day / total)
  }
  const observed = (state: Readonly<HoursState>, atMs: number) =>
    Math.min(MOST_HOURS, (state.weekday + state.weekend) * decay(atMs - state.hour * HOUR_MS, halfLifeMs))
  const strangeness = (state: Readonly<HoursState>, input: EnrichedDecision) => {
    const n = observed(state, input.at_ms)
    if (n < leastHours) return 0
    const p = (PSEUDO_COUNT / WEEK + n * share(state, hourOf(input))) / (PSEUDO_COUNT + n)
    return Math.max(0, -Math.log(WEEK * p))
  }
  return {
    id: 'off-hours',
    version: 2,
    entity: 'subject',
    technique: 'T1078',
    thresholds: { medium: 4.2, high: 4.6 },
    layout: hoursLayout,
    score(state, input) {
      if (!input.permitted || input.decision.subject.type !== 'user') return 0
      const { sensitivity } = input.enrichment.resource
      if (sensitivity === 'low') return 0
      const score = strangeness(state, input) * (sensitivity === 'high' ? 1 : 0.8)
      return score < 1 ? 0 : score
    },
    learn(state, input, _population, standing) {
      if (!input.permitted || !standing.calm || input.decision.subject.type !== 'user') return
      const hour = hourOf(input)
      if (hour <= state.hour) return
      const kept = decay((hour - state.hour) * HOUR_MS, halfLifeMs)
      state.hour = hour
      for (let index = 0; index < 24; index++) state.hours[index] = (state.hours[index] ?? 0) * kept
      state.hours[hour % 24] = (state.hours[hour % 24] ?? 0) + 1
      state.weekday = Math.fround(state.weekday * kept + (isWeekend(hour) ? 0 : 1))
      state.weekend = Math.fround(state.weekend * kept + (isWeekend(hour) ? 1 : 0))
    },
    explain(state, input) {
      const hour = hourOf(input)
      const around = share(state, hour)
      const { resource } = input.decision
      const name = `${resource.app ?? resource.type} ${resource.path_template ?? resource.id}`.slice(0, 200)
      return {
        cause: 'rate',
        evidence: {
          hour_utc: hour % 24,
          weekend: isWeekend(hour),
          share_of_hours: Math.round(around * WEEK * 1000) / 1000,
          share_of_hours_expected: 1,
          resource: name,
          sensitivity: input.enrichment.resource.sensitivity,
          baseline_hours: Math.round(observed(state, input.at_ms)),
        },
        gates: [],
        summary: `Used ${name} at ${hour % 24}:00 UTC ${isWeekend(hour) ? 'at the weekend' : 'on a weekday'}, when this subject is never at work.`,
      }
    },
  }
}

const HOUR_MS = 3_600_000
const WEEK = 168
const PSEUDO_COUNT = 2
const MOST_HOURS = 200

/** Weights of the hours of the day: a view of the words. */
const hoursOfDay: Field<Float32Array> = {
  words: 24,
  form: 'f32x24',
  read: (words: Words, at) => words.f32.subarray(at, at + 24),
  write() {
    // A view: the words already hold it.
  },
}
const fields = { hour: u32, weekday: f32, weekend: f32, hours: hoursOfDay }
const hoursLayout = layout(fields)
type HoursState = StateOf<typeof fields>

function hourOf(input: EnrichedDecision): number {
  return Math.max(0, Math.floor(input.at_ms / HOUR_MS))
}

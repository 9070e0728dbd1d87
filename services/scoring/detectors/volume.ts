import type { Detector, EnrichedDecision } from '../detector.ts'
import { expectedAt, rollTo, sumAt, volumeLayout, type VolumeState } from '../state/habits/volume-baseline.ts'
import { countSurprise, dispersionOf } from '../statistics/count-surprise.ts'

export interface VolumeOptions {
  readonly leastHours: number
}

/**
 * Volume: a subject makes far more requests than it does at this time of the
 * week; or more from day to day, slowly.
 *
 * Catches a copy of everything that somebody may read, within the hour or, by
 * the sum, over days. Misses what stays within the subject's own busy hours.
 * How much data moves is another detector's.
 *
 * False positives: a quarter's end, a migration that a person runs. Subjects
 * with fewer than 24 active hours score 0.
 *
 *     score = max(c, 1.2 S)  in nats
 *     c = -ln P(requests of this hour or more), a negative binomial with the
 *         mean of this part of the week (four parts of weekdays, four of
 *         weekends, each backed by four hours of the subject's mean) and the
 *         subject's own dispersion k, 0.5 to 5
 *     S = max(0, S + (ln(1 + requests of the day before) - mean) / deviation - 0.5)
 *
 * The deviation is at least 0.3. Over-dispersion matters: an evenly
 * spread count is the main cause of false alarms about rates. S above 10 comes
 * by chance once in some 140,000 days of a person. Hours and days without any
 * request are not counted, and those with a finding teach nothing.
 *
 * Cost: O(1), at most 300 bytes a subject.
 *
 * @see Page, "Continuous Inspection Schemes", Biometrika 1954 (the cumulative
 *   sum); Siegmund, "Sequential Analysis", 1985 (its run length).
 * @example 24 requests an hour (k = 5), then the 300th within one: 40.
 */
export function volume({ leastHours = 24 }: Partial<VolumeOptions> = {}): Detector<
  EnrichedDecision,
  VolumeState
> {
  const figures = (state: Readonly<VolumeState>, input: EnrichedDecision): Figures => {
    const hour = Math.floor(input.at_ms / HOUR_MS)
    const current = hour === state.hour
    const requests = (current ? state.requests : 0) + 1
    const sum = sumAt(state, hour)
    const expected = expectedAt(state, hour)
    const { mean: overall, variance, n } = state.hours
    const settled = n >= leastHours
    const k = dispersionOf(overall, variance, LEAST_K, MOST_K)
    return {
      requests,
      expected,
      sum,
      byRequests: settled && requests > LEAST_REQUESTS ? countSurprise(requests, expected, k) : 0,
      bySum: settled ? SUM_NATS * sum : 0,
    }
  }
  return {
    id: 'volume',
    version: 2,
    entity: 'subject',
    technique: 'T1530',
    thresholds: { medium: 12, high: 20 },
    // The sum of days begins after seven active ones, and then takes a week.
    settles_days: 17,
    about: () => 1,
    layout: volumeLayout,
    score(state, input) {
      if (!input.permitted || state.hours.n < leastHours) return 0
      const { byRequests, bySum } = figures(state, input)
      const score = Math.max(byRequests, bySum)
      return score < 1 ? 0 : score
    },
    learn(state, input, _population, standing) {
      if (!input.permitted) return
      const hour = Math.floor(input.at_ms / HOUR_MS)
      if (hour < state.hour) return
      rollTo(state, hour)
      if (!standing.calm) [state.strange_hour, state.strange_day] = [1, 1]
      state.requests += 1
      state.day_requests += 1
    },
    explain(state, input) {
      const { requests, expected, sum, byRequests, bySum } = figures(state, input)
      return {
        cause: 'data',
        evidence: {
          requests_this_hour: requests,
          requests_expected: Math.round(expected * 10) / 10,
          requests_nats: round(byRequests),
          slow_rise: round(sum),
          slow_rise_expected: 0,
          requests_a_day: Math.round(Math.expm1(state.days.mean)),
          baseline_hours: state.hours.n,
        },
        gates: [],
        summary:
          bySum >= byRequests
            ? `Has made more requests from day to day for some time; usual are ${Math.round(Math.expm1(state.days.mean))} a day.`
            : `Made ${requests} requests within the hour; usual at this time are ${Math.round(expected)}.`,
      }
    },
  }
}

interface Figures {
  readonly requests: number
  readonly expected: number
  readonly sum: number
  readonly byRequests: number
  readonly bySum: number
}

const HOUR_MS = 3_600_000
/** So few are never a volume; and nearly all decisions need no logarithm. */
const LEAST_REQUESTS = 60
const LEAST_K = 0.5
/** However evenly somebody seems to work. */
const MOST_K = 5
const SUM_NATS = 1.2

function round(value: number): number {
  return Math.round(value * 10) / 10
}

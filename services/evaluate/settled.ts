import type { Held } from './held.ts'

const DAY_MS = 86_400_000
/** Of the two ends together. */
const OUTSIDE = 0.01

/** The days after the first ones, on which nothing was known of anybody. */
export interface Settled {
  /** Days that are left out: thresholds are those that detectors declare, and baselines are new. */
  readonly warm_up_days: number
  readonly days: number
  readonly findings: number
  readonly false: number
  readonly a_day: number | null
  readonly a_day_per_1000_users: number | null
  readonly budget_a_day: number
  /** Where 99 % of sums of Poisson days with the budget's mean lie. */
  readonly budget_interval: readonly [least: number, most: number]
  /** No more findings than the interval allows: of quiet days (no attack in the truth), and what is false of others. */
  readonly budget_kept: boolean
}

/** What an analyst had to look at once everything was known. */
export function settledOf(
  held: readonly Held[],
  { first, last, users }: { readonly first: string; readonly last: string; readonly users: number },
  { budget, warm_up_days }: { readonly budget: number; readonly warm_up_days: number },
): Settled {
  const fromMs = Date.parse(first) + warm_up_days * DAY_MS
  const days = first === '' ? 0 : Math.max(0, (Date.parse(last) - fromMs) / DAY_MS)
  const later = held.filter(({ finding }) => Date.parse(finding.first_observed_at) >= fromMs)
  const wrong = later.filter(({ attack }) => attack === undefined).length
  const a_day = days === 0 ? null : later.length / days
  const interval = poissonInterval(budget * days)
  return {
    warm_up_days,
    days,
    findings: later.length,
    false: wrong,
    a_day,
    a_day_per_1000_users: a_day === null || users === 0 ? null : (a_day * 1000) / users,
    budget_a_day: budget,
    budget_interval: interval,
    budget_kept: wrong <= interval[1],
  }
}

/**
 * The least interval of counts outside of which a Poisson variable lies with a
 * probability of half a percent at either end, at most.
 *
 * @example poissonInterval(9) // [2, 18]
 */
export function poissonInterval(mean: number): readonly [least: number, most: number] {
  if (mean <= 0) return [0, 0]
  let [logP, below, count] = [-mean, 0, 0]
  let least: number | undefined
  for (;;) {
    const p = Math.exp(logP)
    if (least === undefined && below + p > OUTSIDE / 2) least = count
    below += p
    if (below >= 1 - OUTSIDE / 2 || count > mean + 100 * Math.sqrt(mean) + 100) return [least ?? 0, count]
    count += 1
    logP += Math.log(mean / count)
  }
}

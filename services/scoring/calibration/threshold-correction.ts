/** What one day says of a threshold: how many findings it let through, and how many it was to let through. */
export interface DayFound {
  readonly found: number
  readonly allowed: number
  /** How far the threshold was above the least that it may ever be, in nats, without any correction. */
  readonly room_nats: number
}

/** Nats a day for each budget's worth of findings too many or too few. */
const GAIN_NATS = 0.2
/** A day with more than three times as many findings says no more than one with three times. */
const MOST_EXCESS = 2
/** Twice as much evidence as a usual step between levels; a tenth as many findings and fewer. */
export const MOST_CORRECTION_NATS = 3
/** Fewer findings than the budget lower a threshold hardly at all: a budget is a ceiling, not a quota. */
export const LEAST_CORRECTION_NATS = -1

/**
 * Moves the correction of a threshold on by one day: up where more was found
 * than the budget allows, down where less was.
 *
 *     c <- clamp(c + 0.2 e, max(-1, -room), 3),  e = clamp((found - allowed) / max(1, allowed), -1, 2)
 *
 * in nats, which are added to the threshold that the last fourteen days would
 * have needed. That one is worked out from evidence of entities and days, and
 * assumes that the days to come are like those before and that each entity and
 * day over it is one finding; the correction is what reality says to both. It is
 * an integral control of the quantile, at most 0.4 nats a day. What it can't
 * have an effect with it does not add up: below the least threshold (`room_nats`
 * is used up) it does not fall, and a clamp, not a sum, is what is kept, so it
 * turns round on the first day that says so (no wind-up). Findings that a person
 * confirmed to be attacks must not be among those given: many attacks are no
 * reason to see fewer of them.
 *
 * @see Angelopoulos, Candès, Tibshirani, "Conformal PID Control for Time Series
 *   Prediction", NeurIPS 2023 (quantile tracking); Gibbs, Candès, "Adaptive
 *   Conformal Inference Under Distribution Shift", NeurIPS 2021; Åström,
 *   Murray, "Feedback Systems", 2nd ed., section 11.4 (anti-windup).
 * @example corrected(0, { found: 18, allowed: 9, room_nats: 4 }) // 0.2
 */
export function corrected(before: number, { found, allowed, room_nats }: DayFound): number {
  const excess = Math.min(MOST_EXCESS, Math.max(-1, (found - allowed) / Math.max(1, allowed)))
  const least = Math.max(LEAST_CORRECTION_NATS, -Math.max(0, room_nats))
  return Math.min(MOST_CORRECTION_NATS, Math.max(least, before + GAIN_NATS * excess))
}

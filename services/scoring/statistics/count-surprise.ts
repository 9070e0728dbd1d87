/**
 * How surprising it is that a count is as large, in nats, when counts have a
 * mean and are over-dispersed (negative binomial with variance mean + mean² / k):
 * Chernoff's bound of -ln P(X >= x), so never more than the truth. 0 up to the
 * mean. As k grows it becomes that of a Poisson count.
 *
 *     x ln(x / mean) - (x + k) ln((x + k) / (mean + k))
 *
 * @see Chernoff, "A Measure of Asymptotic Efficiency for Tests of a Hypothesis
 *   Based on the Sum of Observations", Annals of Mathematical Statistics 1952.
 * @example countSurprise(200, 20, 1) // 6.5; the truth is 9.8
 * @example countSurprise(200, 20, 10) // 52
 */
export function countSurprise(count: number, mean: number, dispersion: number): number {
  if (count <= mean || mean <= 0) return 0
  const k = dispersion
  return Math.max(0, count * Math.log(count / mean) - (count + k) * Math.log((count + k) / (mean + k)))
}

/**
 * The parameter k of a negative binomial with this mean and variance, within
 * bounds: people's counts are never as even as Poisson's.
 *
 * @example dispersionOf(20, 420, 0.5, 20) // 1
 */
export function dispersionOf(mean: number, variance: number, least: number, most: number): number {
  const extra = variance - mean
  return extra <= 0 ? most : Math.min(most, Math.max(least, (mean * mean) / extra))
}

/** A p of 1 would outweigh everything else: a detector that finds nothing strange says no more than this. */
const MOST = 0.95
const LEAST = 1e-12

/**
 * One p-value out of several that depend on each other, by the Cauchy rule:
 *
 *     T = mean of tan((0.5 - p_i) pi),  p = 0.5 - atan(T) / pi
 *
 * valid in the tail under any dependence. Nothing given: 1.
 *
 * @see Liu, Xie, "Cauchy Combination Test: A Powerful Test With Analytic p-Value
 *   Calculation Under Arbitrary Dependency Structures", JASA 2020.
 * @example cauchy([0.01, 0.5]) // 0.02
 */
export function cauchy(values: readonly number[]): number {
  if (values.length === 0) return 1
  let sum = 0
  for (const value of values) sum += Math.tan((0.5 - Math.min(MOST, Math.max(LEAST, value))) * Math.PI)
  return 0.5 - Math.atan(sum / values.length) / Math.PI
}

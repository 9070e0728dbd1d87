/**
 * Share of a value among all, smoothed so that a value never seen has one too:
 * (c + a) / (N + a (V + 1)), with V different values seen and one more for all
 * that were not.
 *
 * @see Freeman et al., "Who Are You? A Statistical Approach to Measuring User
 *   Authenticity", NDSS 2016.
 * @example smoothedShare(8, 10, 2) // 0.692
 * @example smoothedShare(0, 10, 2) // 0.077
 */
export function smoothedShare(count: number, total: number, distinct: number, a = 1): number {
  return (count + a) / (total + a * (distinct + 1))
}

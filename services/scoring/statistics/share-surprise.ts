/**
 * How surprising it is that `hits` of `tries` or more are hits, in nats, where
 * the share of hits is ordinarily `share`: Chernoff's bound of -ln P, n times the
 * divergence of both shares. 0 where they are not more than ordinary.
 *
 *     hits ln(q / p) + (tries - hits) ln((1 - q) / (1 - p)),  q = hits / tries
 *
 * @see Hoeffding, "Probability Inequalities for Sums of Bounded Random
 *   Variables", Journal of the American Statistical Association 1963, Theorem 1.
 * @example shareSurprise(7, 7, 0.05) // 21
 * @example shareSurprise(40, 230, 0.05) // 23.3
 * @example shareSurprise(5, 100, 0.05) // 0
 */
export function shareSurprise(hits: number, tries: number, share: number): number {
  const q = tries <= 0 ? 0 : Math.min(1, hits / tries)
  if (q <= share) return 0
  const misses = q === 1 ? 0 : (tries - hits) * Math.log((1 - q) / (1 - share))
  return Math.max(0, hits * Math.log(q / share) + misses)
}

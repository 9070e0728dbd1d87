/**
 * One subject's share of a value, backed by the population's share: (c + m p) /
 * (n + m). With no history it is the population's own, so that a likelihood
 * ratio of the two is 1; and the ratio is never above (n + m) / m.
 *
 * @example backedOffShare(0, 0, 0.2, 2) // 0.2
 * @example backedOffShare(0, 38, 0.2, 2) // 0.01
 */
export function backedOffShare(count: number, total: number, share: number, m: number): number {
  return (count + m * share) / (total + m)
}

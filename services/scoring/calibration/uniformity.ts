/** How far places are from uniform. */
export interface Uniformity {
  /** Kolmogorov and Smirnov's. */
  readonly statistic: number
  /** As how many independent values they count. */
  readonly effective: number
  /** How likely as large a statistic is by chance. */
  readonly p: number
}

/**
 * How far values in [0, 1] are from uniform: Kolmogorov and Smirnov's statistic
 * and the probability of as large a one by chance (Stephens' approximation, good
 * from some ten values on). Nothing given: 1.
 *
 * Values of one person are alike, and a thousand of two hundred people are fewer
 * than a thousand: they count as so many independent ones as their shares below
 * each tenth vary, people taken as wholes (Kish's design effect, averaged over the
 * nine tenths; never more than there are).
 *
 * @param of whose each value is; without it each stands for itself
 * @see Stephens, "Use of the Kolmogorov-Smirnov, Cramér-Von Mises and Related
 *   Statistics Without Extensive Tables", JRSS B 1970; Kish, "Survey Sampling",
 *   1965, section 5.4.
 * @example uniformity([0.1, 0.3, 0.5, 0.7, 0.9]).statistic // 0.1
 */
export function uniformity(values: readonly number[], of?: readonly unknown[]): Uniformity {
  const n = values.length
  if (n === 0) return { statistic: 0, effective: 0, p: 1 }
  const sorted = Float64Array.from(values).sort()
  let statistic = 0
  sorted.forEach((value, index) => {
    statistic = Math.max(statistic, (index + 1) / n - value, value - index / n)
  })
  const effective = of === undefined ? n : n / designEffect(values, of)
  const root = Math.sqrt(effective)
  return { statistic, effective, p: kolmogorovTail((root + 0.12 + 0.11 / root) * statistic) }
}

/** Variance of the shares below each tenth, people taken as wholes, over that of as many independent values; at least 1. */
function designEffect(values: readonly number[], of: readonly unknown[]): number {
  const clusters = Map.groupBy(values.keys(), (index) => of[index])
  let [sum, tenths] = [0, 0]
  for (let tenth = 1; tenth <= 9; tenth++) {
    const below = values.map((value) => (value * 10 <= tenth ? 1 : 0))
    const share = below.reduce<number>((all, each) => all + each, 0) / values.length
    if (share === 0 || share === 1) continue
    let squares = 0
    for (const members of clusters.values())
      squares += members.reduce((all, index) => all + (below[index] ?? 0) - share, 0) ** 2
    sum += squares / (values.length * share * (1 - share))
    tenths += 1
  }
  return tenths === 0 ? 1 : Math.max(1, sum / tenths)
}

/** 2 sum over k of (-1)^(k - 1) exp(-2 k² x²). */
function kolmogorovTail(x: number): number {
  if (x < 0.2) return 1
  let sum = 0
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * k * k * x * x)
    sum += k % 2 === 1 ? term : -term
    if (term < 1e-12) break
  }
  return Math.min(1, Math.max(0, 2 * sum))
}

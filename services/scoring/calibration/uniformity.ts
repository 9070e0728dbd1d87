/**
 * How far values in [0, 1] are from uniform: Kolmogorov and Smirnov's statistic
 * and the probability of as large a one by chance (Stephens' approximation, good
 * from some ten values on). Nothing given: 1.
 *
 * @see Stephens, "Use of the Kolmogorov-Smirnov, Cramér-Von Mises and Related
 *   Statistics Without Extensive Tables", JRSS B 1970.
 * @example uniformity([0.1, 0.3, 0.5, 0.7, 0.9]).statistic // 0.1
 */
export function uniformity(values: readonly number[]): { readonly statistic: number; readonly p: number } {
  const n = values.length
  if (n === 0) return { statistic: 0, p: 1 }
  const sorted = Float64Array.from(values).sort()
  let statistic = 0
  sorted.forEach((value, index) => {
    statistic = Math.max(statistic, (index + 1) / n - value, value - index / n)
  })
  const root = Math.sqrt(n)
  return { statistic, p: kolmogorovTail((root + 0.12 + 0.11 / root) * statistic) }
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

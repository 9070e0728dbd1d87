/** A generalised Pareto tail: how often a score exceeds `from` by how much. */
export interface Tail {
  readonly from: number
  /** Share of all scores that reach `from`. */
  readonly share: number
  readonly scale: number
  readonly shape: number
}

/** How many scores the tail must rest on. */
const LEAST_WEIGHT = 30
/** Beyond the most, a fit says more of chance than of the tail; below the least it would say that higher scores can't be, which nobody knows. */
const SHAPES = { least: 0, most: 0.5 }

/**
 * Fits a generalised Pareto distribution to what lies above a threshold, by
 * probability-weighted moments. Undefined where too little lies there.
 *
 *     a0 = mean(y),  a1 = mean(y (1 - F(y))),  y = score - from
 *     shape = 2 - a0 / (a0 - 2 a1),  scale = 2 a0 a1 / (a0 - 2 a1)
 *
 * @param above scores and their weights, rising by score
 * @param total weight of all scores, those below the threshold included
 * @see Hosking, Wallis, "Parameter and Quantile Estimation for the Generalized
 *   Pareto Distribution", Technometrics 1987; Siffer et al., "Anomaly Detection
 *   in Streams with Extreme Value Theory", KDD 2017.
 */
export function fitTail(
  from: number,
  above: readonly (readonly [score: number, weight: number])[],
  total: number,
): Tail | undefined {
  const weight = above.reduce((sum, [, each]) => sum + each, 0)
  if (weight < LEAST_WEIGHT || total <= 0) return undefined
  let a0 = 0
  let a1 = 0
  let below = 0
  for (const [score, each] of above) {
    const y = score - from
    const exceeded = 1 - (below + each / 2) / weight
    a0 += (each * y) / weight
    a1 += (each * y * exceeded) / weight
    below += each
  }
  const spread = a0 - 2 * a1
  if (!(a0 > 0) || !(spread > 0)) return undefined
  const shape = Math.min(SHAPES.most, Math.max(SHAPES.least, 2 - a0 / spread))
  // With the shape at its bound, the scale that keeps the mean.
  return { from, share: weight / total, scale: a0 * (1 - shape), shape }
}

/**
 * Share of scores that reach a score, by the tail.
 *
 * @example tailShare({ from: 1, share: 0.02, scale: 1, shape: 0 }, 3) // 0.0027
 */
export function tailShare({ from, share, scale, shape }: Tail, score: number): number {
  const y = Math.max(0, score - from) / scale
  if (Math.abs(shape) < 1e-6) return share * Math.exp(-y)
  return share * Math.max(0, 1 + shape * y) ** (-1 / shape)
}

/** The score that a share of scores reaches, by the tail: the inverse of `tailShare`. */
export function tailScore({ from, share, scale, shape }: Tail, wanted: number): number {
  const ratio = Math.min(1, wanted / share)
  if (Math.abs(shape) < 1e-6) return from - scale * Math.log(ratio)
  return from + (scale / shape) * (ratio ** -shape - 1)
}

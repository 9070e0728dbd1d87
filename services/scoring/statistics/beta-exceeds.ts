/** Cells of the interval from 0 to 1: finer than any posterior of a few thousand people. */
const CELLS = 4000

/** So many of so many. */
export interface Share {
  readonly hits: number
  readonly trials: number
}

/**
 * Probability that one share is greater than another one by more than `margin`,
 * given so many hits of so many trials of each: both posteriors are
 * Beta(1 + hits, 1 + misses), uniform before anything was seen, and independent.
 *
 *     P = ∫ f_after(x) F_before(x - margin) dx
 *
 * summed up over 4,000 cells; 0.1 ms.
 *
 * @param margin rounded to 1/4000
 * @see Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.4 (Beta-binomial posterior).
 * @example betaExceeds({ hits: 4, trials: 4 }, { hits: 0, trials: 4 }) // 0.996
 */
export function betaExceeds(after: Share, before: Share, margin = 0): number {
  const later = densityOf(after)
  const earlier = densityOf(before)
  const shift = Math.round(margin * CELLS)
  let below = 0
  let probability = 0
  for (let cell = shift; cell < CELLS; cell++) {
    const mass = earlier[cell - shift] ?? 0
    probability += (later[cell] ?? 0) * (below + mass / 2)
    below += mass
  }
  return Math.min(1, probability)
}

/** Mass of each cell; adds up to 1. */
function densityOf({ hits, trials }: Share): Float64Array {
  const misses = trials - hits
  const mode = trials === 0 ? 0.5 : hits / trials
  const peak = logDensity(mode, hits, misses)
  const density = new Float64Array(CELLS)
  let sum = 0
  for (let cell = 0; cell < CELLS; cell++) {
    const mass = Math.exp(logDensity((cell + 0.5) / CELLS, hits, misses) - peak)
    density[cell] = mass
    sum += mass
  }
  for (let cell = 0; cell < CELLS; cell++) density[cell] = (density[cell] ?? 0) / sum
  return density
}

function logDensity(x: number, hits: number, misses: number): number {
  return (hits === 0 ? 0 : hits * Math.log(x)) + (misses === 0 ? 0 : misses * Math.log(1 - x))
}

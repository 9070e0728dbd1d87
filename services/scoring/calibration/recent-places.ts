const BINS = 20
/** Weight of a place halves in this time. */
const HALF_LIFE_HOURS = 24
/** So many places that are spread evenly stand beside those that came. */
const PRIOR = 50

/** Weights by bin, in a form that can be stored. */
export type StoredPlaces = readonly number[]

/**
 * Where scores of the last days lay among all that are remembered, and so how
 * rare a score is by now. A table of scores remembers for weeks, since its tail
 * needs many; but baselines grow, offices move, quarters end, and what was rare
 * among the scores of two weeks is not what is rare among those of today. So its
 * p-values are placed once more, among those of the last days:
 *
 *     p' = G(p),  G(p) = (50 p + weight of places below p) / (50 + weight of all)
 *
 * linear within twentieths. In the lowest of them that scales the tail and leaves its
 * shape to the long memory. Where scores come as they came a short
 * while ago p' is uniform, whatever they did before. Bounded: twenty numbers.
 *
 * @see Barber et al., "Conformal Prediction Beyond Exchangeability", Annals of
 *   Statistics 2023; McNeil, Frey, "Estimation of Tail-Related Risk Measures for
 *   Heteroscedastic Financial Time Series", Journal of Empirical Finance 2000
 *   (a body of short memory under a tail of long memory).
 * @example 100 places spread evenly from 0 to 0.5: placeOf(0.25) is 0.42.
 */
export class RecentPlaces {
  readonly #weights = new Float64Array(BINS)
  #total = 0

  add(place: number): void {
    const bin = binOf(place)
    this.#weights[bin] = (this.#weights[bin] ?? 0) + 1
    this.#total += 1
  }

  /** Hours of event time have passed. */
  fade(hours: number): void {
    const factor = 2 ** (-hours / HALF_LIFE_HOURS)
    this.#total = 0
    for (let bin = 0; bin < BINS; bin++) {
      const weight = (this.#weights[bin] ?? 0) * factor
      this.#weights[bin] = weight < 1e-6 ? 0 : weight
      this.#total += this.#weights[bin] ?? 0
    }
  }

  /** The place among the places of the last days. */
  placeOf(place: number): number {
    const bin = binOf(place)
    let below = 0
    for (let index = 0; index < bin; index++) below += this.#shareOf(index)
    return Math.min(1, below + this.#shareOf(bin) * (place * BINS - bin))
  }

  /** The place that `placeOf` gives `share` for. */
  inverse(share: number): number {
    let below = 0
    for (let bin = 0; bin < BINS; bin++) {
      const own = this.#shareOf(bin)
      if (below + own >= share) return (bin + (share - below) / own) / BINS
      below += own
    }
    return 1
  }

  stored(): StoredPlaces {
    return Array.from(this.#weights, (weight) => Math.round(weight * 1000) / 1000)
  }

  static restore(stored: StoredPlaces): RecentPlaces {
    const places = new RecentPlaces()
    places.#weights.set(stored.slice(0, BINS))
    places.fade(0)
    return places
  }

  /** Never nothing: each bin has its part of what stands beside. */
  #shareOf(bin: number): number {
    return (PRIOR / BINS + (this.#weights[bin] ?? 0)) / (PRIOR + this.#total)
  }
}

function binOf(place: number): number {
  return Math.max(0, Math.min(BINS - 1, Math.floor(place * BINS)))
}

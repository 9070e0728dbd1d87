/**
 * How probable it is that the next value is one never seen: n1 / n, the share
 * of observations whose value was seen once. Nothing observed: 1.
 *
 * @see Good, "The Population Frequencies of Species and the Estimation of
 *   Population Parameters", Biometrika 1953.
 * @example goodTuring(4, 10) // 0.4, an explorer
 * @example goodTuring(1, 100) // 0.01, a cashier
 */
export function goodTuring(seenOnce: number, observed: number): number {
  return observed <= 0 ? 1 : Math.min(1, seenOnce / observed)
}

/**
 * The share of a weight that is left after some time: 2^(-elapsed / half-life).
 * Time that runs backwards (a late event) takes nothing away and adds nothing.
 *
 * @see Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay: A Practical Time
 *   Decay Model for Streaming Systems", ICDE 2009.
 * @example decay(60_000, 30_000) // 0.25
 */
export function decay(elapsedMs: number, halfLifeMs: number): number {
  return elapsedMs <= 0 ? 1 : 2 ** (-elapsedMs / halfLifeMs)
}

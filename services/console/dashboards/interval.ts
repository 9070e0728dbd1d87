/** Steps that people can read on an axis, in seconds. */
const STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800,
] as const

/** The smallest readable step of which at most `points` fit into the range, in seconds: Grafana's `$__interval`. */
export function intervalOf(spanMs: number, points: number): number {
  const least = spanMs / 1000 / points
  return STEPS.find((step) => step >= least) ?? 2_592_000
}

/**
 * The nearest number within bounds.
 *
 * @example clamp(5, 0, 3) // 3
 */
export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value
}

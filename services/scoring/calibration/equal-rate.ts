/**
 * The most that each of several may have for all together to have no more than
 * `allowed`: the same for all, and what one does not need is the others'. Undefined
 * where nobody has to be held back.
 *
 * @param wanted what each would have, not negative
 * @example equalRate([0.5, 4, 6], 6.5) // 3
 * @example equalRate([0.5, 4], 6.5) // undefined
 */
export function equalRate(wanted: readonly number[], allowed: number): number | undefined {
  if (wanted.reduce((sum, each) => sum + each, 0) <= allowed) return undefined
  let [left, sharers] = [Math.max(0, allowed), wanted.length]
  for (const least of wanted.toSorted((a, b) => a - b)) {
    if (least > left / sharers) break
    left -= least
    sharers -= 1
  }
  return left / sharers
}

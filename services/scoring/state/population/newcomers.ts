import { combine } from '../hash.ts'
import type { CountedValues } from './counted-values.ts'

/** Those who lately took up a resource, by group: beside the counts. */
const NEWCOMERS = 35
/** What is taken up together is so within days. */
const HALF_LIFE_MS = 2 * 86_400_000

export function newcomersOf(values: CountedValues, group: number, resource: number, atMs: number): number {
  return values.fadingFigure(keyOf(group, resource), atMs, HALF_LIFE_MS)
}

export function addNewcomer(values: CountedValues, group: number, resource: number, atMs: number): void {
  const key = keyOf(group, resource)
  // Faster than the bucket's other values fade: what is added makes up for it.
  const amount = 1 + newcomersOf(values, group, resource, atMs) - values.figure(key, atMs)
  values.addToFigure(key, amount, atMs)
}

function keyOf(group: number, resource: number): number {
  return combine(NEWCOMERS, combine(group, resource))
}

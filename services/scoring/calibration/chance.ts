import { hash32 } from '../state/hash.ts'

/** A number in [0, 1) that follows from an id and what it is for: the same for a replay, and nobody's choice. */
export function chanceOf(id: string, what: string): number {
  return hash32(`${what} ${id}`) / 2 ** 32
}

import type { Population } from '../population/population.ts'

/** From so many subjects on, an exit is everybody's; no more are counted. */
const SHARED_BY = 3

/** Whether three or more of the tenant's subjects used the network prefix lately. */
export function isSharedExit(population: Population, prefix: number, atMs: number): boolean {
  return population.usersOf(prefix, atMs) >= SHARED_BY
}

import { seedOf, seededRandom } from '../random.ts'
import type { Random } from '../random.ts'
import { passedOfDay } from './day.ts'
import type { Person } from './person.ts'
import type { Target } from './person.ts'

const HOUR_MS = 3_600_000

/**
 * Requests that a person makes in an hour like the one at `ms`; 0 when they
 * don't work. The history and the live demo both ask here: what people are seen
 * to do must be what they always did, or each of them is found for the amount.
 *
 * Most is done in the middle of the morning and of the afternoon, and no hour
 * is like another: counts of real people are never as even as dice.
 *
 * @param meanHour requests of a mean person's mean working hour
 */
export function requestsAnHour(person: Person, ms: number, meanHour: number): number {
  const passed = passedOfDay(person, ms)
  if (passed === null) return 0
  const rhythm = 0.4 + 1.2 * Math.sin(2 * Math.PI * passed) ** 2
  const mood = 0.6 + 0.8 * seededRandom(seedOf(`${person.id}/mood/${Math.floor(ms / HOUR_MS)}`)).next()
  return meanHour * person.pace * rhythm * mood
}

/** How many come where `mean` are expected (Knuth's way to a Poisson number; for small means). */
export function countOf(mean: number, random: Random): number {
  const least = Math.exp(-mean)
  let count = 0
  for (let product = random.next(); product > least; product *= random.next()) count += 1
  return count
}

/** The requests that it takes to get something: a button is pressed on its page, which is opened first. */
export function requestsFor(target: Target): readonly Target[] {
  if (target.method !== 'POST') return [target]
  return [{ ...target, method: 'GET', path: target.path.replace(/\/[^/]+$/, '') }, target]
}

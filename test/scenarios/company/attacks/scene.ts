import type { Entity } from '../../../../schemas/entity.ts'
import type { Dice } from '../dice.ts'
import type { Draft } from '../drafts.ts'
import type { Service } from '../services.ts'
import type { Person } from '../staff.ts'
import type { World } from '../whereabouts.ts'

/**
 * How well an attacker does it. `naive`: from any address, loud. `right_country`:
 * an address of the victim's country, a common browser, slower. `right_city`: a
 * provider of the victim's city, the victim's own browser and system, at the
 * victim's hours, quiet. Who acts on a device of the company is at the right
 * place by nature; there only loudness differs.
 */
export const DIFFICULTIES = ['naive', 'right_country', 'right_city'] as const
export type Difficulty = (typeof DIFFICULTIES)[number]

/** What an attack is given. */
export interface Scene {
  readonly difficulty: Difficulty
  readonly day: number
  readonly days: number
  readonly victim: Person
  readonly everybody: readonly Person[]
  readonly programs: readonly Service[]
  readonly world: World
  readonly dice: Dice
}

/** What an attack does. */
export interface Act {
  readonly entity: Entity
  /** Others about which a finding is right. */
  readonly also: readonly Entity[]
  readonly drafts: readonly Draft[]
}

/** Null: the victim does not fit (is away that day), and another is asked for. */
export type Scenario = (scene: Scene) => Act | null

export function by<T>(difficulty: Difficulty, naive: T, country: T, city: T): T {
  return difficulty === 'naive' ? naive : difficulty === 'right_country' ? country : city
}

export function subjectOf(who: Pick<Person, 'id'>): Entity {
  return { type: 'subject', id: `user:${who.id}` }
}

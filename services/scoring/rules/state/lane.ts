import { z } from 'zod'
import type { Group } from './group.ts'

/** Groups that were let go, by cause. */
export interface Forgotten {
  idle: number
  full: number
}

/** Findings of a rule on one day of event time. */
export interface Budget {
  day: number
  told: number
  /** Held back, as there were too many. */
  held: number
  /** The same on the day before. */
  held_before: number
}

const Stored = z.object({
  clock_ms: z.number(),
  budget: z.object({ day: z.number(), told: z.number(), held: z.number(), held_before: z.number() }),
})

/** Of the groups of which one decision is known, more than this share makes room first. */
const YOUNG_SHARE = 8
const DAY_MS = 86_400_000

/**
 * All that is known for one rule, one tenant and one origin: imported history
 * has windows, a clock and days of its own.
 *
 * Bounded: a group goes when nothing of it is needed any more, and when there
 * are too many the one that was touched longest ago, first of those with one
 * decision only: whoever invents names pushes out invented names.
 */
export class Lane {
  readonly key: string
  /** Newest event time. */
  clockMs = 0
  readonly budget: Budget = { day: -1, told: 0, held: 0, held_before: 0 }
  /** In the order in which they were touched. */
  readonly #young = new Map<string, Group>()
  readonly #grown = new Map<string, Group>()

  constructor(key: string) {
    this.key = key
  }

  get size(): number {
    return this.#young.size + this.#grown.size
  }

  get(name: string): Group | undefined {
    return this.#grown.get(name) ?? this.#young.get(name)
  }

  /** The group was touched last. */
  put(name: string, group: Group): void {
    this.#young.delete(name)
    this.#grown.delete(name)
    const grown = group.events.length > 1 || (group.notes?.cases.length ?? 0) > 0
    ;(grown ? this.#grown : this.#young).set(name, group)
  }

  remove(name: string): void {
    this.#young.delete(name)
    this.#grown.delete(name)
  }

  /** Lets at most two idle groups go, and those beyond `most`; calls back for each. */
  forget(most: number, forgotten: Forgotten, gone: (name: string) => void): void {
    for (const groups of [this.#young, this.#grown]) {
      const [oldest] = groups
      if (oldest === undefined || oldest[1].until_ms >= this.clockMs) continue
      groups.delete(oldest[0])
      forgotten.idle += 1
      gone(oldest[0])
    }
    while (this.size > most) {
      const groups =
        this.#young.size > most / YOUNG_SHARE || this.#grown.size === 0 ? this.#young : this.#grown
      const [name] = groups.keys()
      if (name === undefined) return
      groups.delete(name)
      forgotten.full += 1
      gone(name)
    }
  }

  /** The budget of the day of an event; a day that is over is left behind. */
  budgetOf(atMs: number): Budget {
    const day = Math.floor(atMs / DAY_MS)
    const { budget } = this
    if (day > budget.day) {
      budget.held_before = budget.held
      budget.day = day
      budget.told = 0
      budget.held = 0
    }
    return budget
  }

  encode(): string {
    return JSON.stringify({ clock_ms: this.clockMs, budget: this.budget })
  }

  /** False for what no version of ours wrote. */
  restore(json: unknown): boolean {
    const stored = Stored.safeParse(json)
    if (!stored.success) return false
    this.clockMs = stored.data.clock_ms
    Object.assign(this.budget, stored.data.budget)
    return true
  }
}

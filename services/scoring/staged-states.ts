import { scoringState } from '../../schemas/topics.ts'
import type { OutRecord } from '../runtime/log/event-log.ts'
import { openState, type EntityState, type Plan } from './state/entity-state.ts'
import { TenantPopulation } from './state/population.ts'

interface Held {
  readonly state: EntityState
  /** By the batch in hand. */
  touched: boolean
}

/** Reads the stored state of a key. */
export type ReadState = (key: string) => Uint8Array | undefined

/**
 * The states that a batch works on. What a batch touches is staged: `changes`
 * are its records for the changelog, `settle` keeps it once the batch stands,
 * and `discard` throws it away, so that the same batch gives the same again.
 *
 * Between batches decoded states are kept, the most recently used first, up to
 * `capacity`: decoding costs 10 µs, and people come back.
 */
export class StagedStates {
  readonly #stage: string
  readonly #read: ReadState
  readonly #capacity: number
  readonly #entities = new Map<string, Held>()
  /** What the batch in hand touched, each once. */
  #touched: [key: string, held: Held][] = []
  readonly #populations = new Map<string, TenantPopulation>()
  #last: { tenant: string; partition: number; population: TenantPopulation } | undefined
  /** A state was let go since `caughtUp`; the stored one may still be on its way. */
  #behind = false

  constructor(stage: string, read: ReadState, capacity: number) {
    this.#stage = stage
    this.#read = read
    this.#capacity = capacity
  }

  get behind(): boolean {
    return this.#behind
  }

  caughtUp(): void {
    this.#behind = false
  }

  get size(): number {
    return this.#entities.size
  }

  entity(key: string, plan: Plan): EntityState {
    let held = this.#entities.get(key)
    if (held !== undefined && held.touched) return held.state
    if (held === undefined) {
      held = { state: openState(plan, this.#read(`${this.#stage}/${key}`)), touched: true }
    } else {
      // Moved to the end: a Map keeps the order of insertion.
      this.#entities.delete(key)
      held.touched = true
    }
    this.#entities.set(key, held)
    this.#touched.push([key, held])
    return held.state
  }

  population(tenant: string, partition: number): TenantPopulation {
    const last = this.#last
    if (last !== undefined && last.tenant === tenant && last.partition === partition) return last.population
    const name = populationKey(tenant, partition)
    let population = this.#populations.get(name)
    if (population === undefined) {
      population = new TenantPopulation((part) => this.#read(`${this.#stage}/${name}/${part}`))
      this.#populations.set(name, population)
    }
    this.#last = { tenant, partition, population }
    return population
  }

  /** Changelog records of everything that changed, in the partition of the input. */
  changes(partition: number): OutRecord[] {
    const records: OutRecord[] = []
    const write = (key: string, state: { changed: boolean; encode(): Uint8Array }) => {
      records.push({
        topic: scoringState,
        key: `${this.#stage}/${key}`,
        value: state.encode(),
        partition,
      })
      state.changed = false
    }
    for (const [key, { state }] of this.#touched) if (state.changed) write(key, state)
    for (const [name, population] of this.#populations) {
      for (const [part, changed] of population.changed()) write(`${name}/${part}`, changed)
    }
    return records
  }

  /** The batch stands: keep what it touched, and let go what was used longest ago. */
  settle(): void {
    for (const [, held] of this.#touched) held.touched = false
    this.#touched = []
    if (this.#populations.size > MOST_POPULATIONS) this.#release(this.#populations)
    if (this.#entities.size <= this.#capacity) return
    for (const key of this.#entities.keys()) {
      if (this.#entities.size <= this.#capacity) break
      this.#entities.delete(key)
    }
    this.#behind = true
  }

  /** The batch failed, or a partition is another's: what is stored is the truth again. */
  discard(): void {
    this.#touched = []
    this.#entities.clear()
    this.#release(this.#populations)
  }

  #release(populations: Map<string, TenantPopulation>): void {
    populations.clear()
    this.#last = undefined
    this.#behind = true
  }
}

const MOST_POPULATIONS = 256

function populationKey(tenant: string, partition: number): string {
  return `${tenant}/population/${partition}`
}

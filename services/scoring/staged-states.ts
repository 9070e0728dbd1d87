import { scoringState } from '../../schemas/topics.ts'
import type { OutRecord } from '../runtime/log/event-log.ts'
import { openState, type EntityState, type Plan } from './state/entity-state.ts'
import { TenantPopulation } from './state/population.ts'

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
  readonly #entities = new Map<string, EntityState>()
  readonly #touched = new Set<string>()
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
    let state = this.#entities.get(key)
    if (state === undefined) {
      state = openState(plan, this.#read(`${this.#stage}/${key}`))
      this.#entities.set(key, state)
    } else if (!this.#touched.has(key)) {
      // Moved to the end: a Map keeps the order of insertion.
      this.#entities.delete(key)
      this.#entities.set(key, state)
    }
    this.#touched.add(key)
    return state
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
    for (const key of this.#touched) {
      const state = this.#entities.get(key)
      if (state?.changed === true) write(key, state)
    }
    for (const [name, population] of this.#populations) {
      for (const [part, changed] of population.changed()) write(`${name}/${part}`, changed)
    }
    return records
  }

  /** The batch stands: keep what it touched, and let go what was used longest ago. */
  settle(): void {
    this.#touched.clear()
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
    this.#touched.clear()
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

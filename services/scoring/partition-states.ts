import type { LogTopic } from '../../schemas/topics.ts'
import type { OutRecord } from '../runtime/log/event-log.ts'
import { EntityStore, NONE } from './state/store/entity-store.ts'
import { openState, type EntityState, type Plan } from './state/entity/entity-state.ts'
import { checkPacked, headOf, NO_FOREIGN, packAll } from './state/form/packed.ts'
import { TenantPopulation } from './state/population/tenant-population.ts'
import {
  heldOf,
  Roll,
  type Held,
  type RollList,
  type StateLimits,
  type TenantRoll,
} from './state/store/roll.ts'
import { allocate } from './state/form/words.ts'

const HOUR_MS = 3_600_000
export interface PartitionStatesOptions {
  readonly stage: string
  /** The changelog. */
  readonly topic: LogTopic
  readonly partition: number
  readonly limits: StateLimits
  /** Entities whose decoded state is kept between batches: decoding costs 10 µs, and people come back. */
  readonly decoded: number
  /** Spreads keys over the index; see EntityStore. */
  readonly seed: number
}

/**
 * What one stage knows of one partition: packed states as the changelog has
 * them, and, over them, what the batch in hand does. `changes` are its records
 * for the changelog; `commit` keeps them once they are in the log, `rollback`
 * drops them, so that the same batch gives the same again.
 *
 * Bounded: an entity is forgotten when it was idle for long, and the one that
 * was learnt longest ago when there are too many. Strangers, who were never let
 * through, go first, so that a flood of invented names can't push out people.
 * Time is the newest event time of the tenant in the partition, in hours:
 * imported history has a clock of its own, and a replay the same one.
 */
export class PartitionStates {
  readonly #options: PartitionStatesOptions
  readonly #store: EntityStore
  readonly #roll: Roll
  readonly #populations = new Map<string, TenantPopulation>()
  /** Decoded states, those that were decoded last, or spared last, at the end. */
  readonly #decoded = new Map<string, Held>()
  /** Touched by the batch in hand. */
  #touched: Held[] = []
  #pending: { key: string; value: Uint8Array | null; held?: Held }[] = []
  #last: { tenant: string; population: TenantPopulation } | undefined
  /** The one that was asked for last. */
  #latest: Held | undefined
  readonly #letGo = (key: string) => {
    this.#decoded.delete(key)
    this.#latest = undefined
  }
  /** Entities whose decoded state is kept between batches at most. */
  mostDecoded: number

  constructor(options: PartitionStatesOptions) {
    this.#options = options
    this.mostDecoded = options.decoded
    this.#store = new EntityStore(options.seed)
    this.#roll = new Roll(this.#store, options.limits)
  }

  /** Entities that are remembered. */
  get size(): number {
    return this.#roll.size
  }

  /** Entities forgotten since the start, by cause. */
  get forgotten(): { readonly idle: number; readonly full: number } {
    return this.#roll.forgotten
  }

  get decoded(): number {
    return this.#decoded.size
  }

  /** Bytes of packed states and their index. */
  get bytes(): number {
    return this.#store.bytes
  }

  /** Takes a record of the changelog in, in the log's order. Throws UnreadableState. */
  restore(logKey: string, value: Uint8Array | null): void {
    const prefix = `${this.#options.stage}/`
    // A stage of an earlier version shared the topic.
    if (!logKey.startsWith(prefix)) return
    const key = logKey.slice(prefix.length)
    if (value === null) {
      this.#store.remove(key)
      return
    }
    checkPacked(value)
    const head = headOf(value)
    const tenant = this.#roll.tenant(key.slice(0, key.indexOf('/')))
    if (!key.startsWith(`${tenant.name}/population/`)) {
      this.#store.put(key, value, listOf(tenant, head.established).stored, head.hour)
      return
    }
    this.#store.put(key, value)
    if (key.endsWith(CLOCK)) tenant.storedHour = head.hour
  }

  /** All of the changelog is in. */
  restored(): void {
    this.#reset()
  }

  /** An entity's state, for a decision of `atMs`; empty where it is not known, or was idle for too long. */
  entity(key: string, tenantName: string, atMs: number, plan: Plan): EntityState {
    const tenant = this.#roll.tenant(tenantName)
    const hour = Math.max(tenant.hour, hourOf(atMs))
    let held = this.#decoded.get(key)
    if (held === undefined) {
      held = this.#open(key, tenant, plan)
      this.#decoded.set(key, held)
    } else if (!held.touched) held.again = true
    if (held.list !== undefined && hour - held.state.head.hour > held.list.idleHours) {
      held.state = openState(plan)
    }
    if (!held.touched) {
      held.touched = true
      this.#touched.push(held)
    }
    this.#latest = held
    return held.state
  }

  /** The entity took a decision in: it is the one that was learnt last. `permitted`: a request was let through. */
  learnt(key: string, tenantName: string, atMs: number, permitted: boolean): void {
    const held = this.#latest?.key === key ? this.#latest : this.#decoded.get(key)
    if (held === undefined) return
    const tenant = this.#roll.tenant(tenantName)
    this.#roll.learnt(held, tenant, hourOf(atMs), permitted)
    this.#roll.forget(tenant, this.#letGo)
  }

  population(tenant: string): TenantPopulation {
    if (this.#last !== undefined && this.#last.tenant === tenant) return this.#last.population
    let population = this.#populations.get(tenant)
    if (population === undefined) {
      population = new TenantPopulation((part) => {
        const entry = this.#store.find(this.#populationKey(tenant, part))
        return entry === NONE ? undefined : this.#store.value(entry)
      })
      this.#populations.set(tenant, population)
    }
    this.#last = { tenant, population }
    return population
  }

  /** Changelog records of everything that the batch in hand changed, in the partition of the input. */
  changes(): OutRecord[] {
    for (const key of this.#roll.removed) this.#pending.push({ key, value: null })
    for (const tenant of this.#roll.tenants) {
      for (const { first } of [tenant.strangers, tenant.established]) {
        for (let held = first; held !== undefined; held = held.after) {
          this.#pending.push({ key: held.key, value: held.state.encode(), held })
        }
      }
      if (tenant.hour === tenant.storedHour) continue
      const value = packAll(NO_WORDS, [], NOTHING, { hour: tenant.hour, established: true }, NO_FOREIGN)
      this.#pending.push({ key: this.#populationKey(tenant.name, CLOCK_PART), value })
    }
    for (const [tenant, population] of this.#populations) {
      for (const [part, changed] of population.changed()) {
        this.#pending.push({ key: this.#populationKey(tenant, part), value: changed.encode() })
        changed.changed = false
      }
    }
    const { stage, topic, partition } = this.#options
    return this.#pending.map(({ key, value }) => ({ topic, key: `${stage}/${key}`, value, partition }))
  }

  /** What `changes` gave is in the log: keep it, and let decoded states go that are too many. */
  commit(): void {
    for (const { key, value, held } of this.#pending) {
      if (value === null) {
        this.#store.remove(key)
        // It may have been asked for since, and not learnt: its entry is nobody's now.
        this.#decoded.delete(key)
      } else if (held === undefined) this.#store.put(key, value)
      else held.entry = this.#store.put(key, value, held.list?.stored, held.state.head.hour)
    }
    for (const tenant of this.#roll.tenants) tenant.storedHour = tenant.hour
    this.#reset()
    this.#letOldestGo()
    if (this.#populations.size > MOST_POPULATIONS) this.#forgetPopulations()
  }

  /** The batch in hand failed, or its commit did: what is stored is the truth again. */
  rollback(): void {
    for (const { key } of this.#touched) this.#decoded.delete(key)
    this.#forgetPopulations()
    this.#reset()
  }

  #open(key: string, tenant: TenantRoll, plan: Plan): Held {
    const entry = this.#store.find(key)
    if (entry === NONE || this.#roll.removed.has(key)) return heldOf(key, entry, undefined, openState(plan))
    const state = openState(plan, this.#store.value(entry))
    return heldOf(key, entry, listOf(tenant, state.head.established), state)
  }

  /** Nothing is in hand. */
  #reset(): void {
    for (const held of this.#touched) held.touched = false
    this.#touched = []
    this.#pending = []
    this.#latest = undefined
    this.#roll.reset()
  }

  /** Lets decoded states go that are the oldest; whoever came back since is spared once: moving each to the end whenever it comes would cost more. */
  #letOldestGo(): void {
    // A Map keeps the order of insertion, and shows what is added meanwhile at the end.
    for (const [key, held] of this.#decoded) {
      if (this.#decoded.size <= this.mostDecoded) return
      this.#decoded.delete(key)
      if (!held.again) continue
      held.again = false
      this.#decoded.set(key, held)
    }
  }

  #forgetPopulations(): void {
    this.#populations.clear()
    this.#last = undefined
  }

  #populationKey(tenant: string, part: string): string {
    return `${tenant}/population/${this.#options.partition}/${part}`
  }
}

const MOST_POPULATIONS = 256
const CLOCK_PART = 'clock'
const CLOCK = `/${CLOCK_PART}`
const NOTHING = new Uint8Array()
const NO_WORDS = allocate(0)

function listOf({ strangers, established }: TenantRoll, known: boolean): RollList {
  return known ? established : strangers
}

function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS)
}

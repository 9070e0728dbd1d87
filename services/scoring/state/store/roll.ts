import { NONE, type EntityStore, type Order } from './entity-store.ts'
import type { EntityState } from '../entity/entity-state.ts'

/** How much is remembered. The same limits over the same records give the same state, wherever batches end. */
export interface StateLimits {
  readonly entities: number
  /** Hours of its tenant's event time after which an entity that did nothing is forgotten. */
  readonly idle_hours: number
  /** The same for entities of which no request was ever let through. */
  readonly stranger_idle_hours: number
}

/** One of a tenant's two lists: entities in the order in which they were learnt, the stored ones before those of the batch in hand. */
export interface RollList {
  readonly idleHours: number
  readonly stored: Order
  /** Entry of the store where the batch in hand has got to, looking for the oldest. */
  cursor: number
  /** Learnt by the batch in hand: the one that was learnt longest ago, and the last; the others by `Held.after`. */
  first: Held | undefined
  last: Held | undefined
  size: number
}

/** The state of one entity while it is decoded. */
export interface Held {
  readonly key: string
  /** Of the store, or -1 while it is not stored. */
  entry: number
  /** Undefined while it is in no list. */
  list: RollList | undefined
  state: EntityState
  /** By the batch in hand. */
  touched: boolean
  /** Among those of its list that the batch in hand learnt; then its neighbours there. */
  fresh: boolean
  before: Held | undefined
  after: Held | undefined
  /** By another batch than the one that decoded it, since it was spared last. */
  again: boolean
}

export function heldOf(key: string, entry: number, list: RollList | undefined, state: EntityState): Held {
  const nothing = { touched: false, fresh: false, before: undefined, after: undefined, again: false }
  return { key, entry, list, state, ...nothing }
}

/** What is known of a tenant in one partition beside its entities. */
export interface TenantRoll {
  readonly name: string
  /** Hour since the epoch of the newest event; the tenant's own clock. */
  hour: number
  storedHour: number
  /** Hour for which no idle entity is left. */
  sweptHour: number
  readonly strangers: RollList
  readonly established: RollList
}

/** Idle entities that one learnt decision removes at most: more than one comes, so none stays for good. */
const SWEPT = 2
/** An eighth of a full partition is the strangers': guesses at an account are counted even then. */
const STRANGERS_SHARE = 8

/**
 * Who is remembered, by tenant, in the order in which they were learnt: the
 * store's entries, and over them what the batch in hand does.
 *
 * Every step follows from the records alone, one after the other, and not from
 * where a batch ends or whether state was restored in between.
 */
export class Roll {
  readonly #store: EntityStore
  readonly #limits: StateLimits
  readonly #tenants = new Map<string, TenantRoll>()
  /** Entries of the store that the batch in hand changed or removed. */
  readonly #overlaid = new Set<number>()
  /** Keys that the batch in hand removed. */
  readonly removed = new Set<string>()
  size = 0
  /** Since the start, by cause. */
  readonly forgotten = { idle: 0, full: 0 }

  constructor(store: EntityStore, limits: StateLimits) {
    this.#store = store
    this.#limits = limits
  }

  get tenants(): Iterable<TenantRoll> {
    return this.#tenants.values()
  }

  tenant(name: string): TenantRoll {
    let tenant = this.#tenants.get(name)
    if (tenant === undefined) {
      const list = (idleHours: number): RollList => {
        const stored = this.#store.newOrder()
        return { idleHours, stored, cursor: stored.first, first: undefined, last: undefined, size: 0 }
      }
      const strangers = list(this.#limits.stranger_idle_hours)
      const established = list(this.#limits.idle_hours)
      tenant = { name, hour: 0, storedHour: 0, sweptHour: 0, strangers, established }
      this.#tenants.set(name, tenant)
    }
    return tenant
  }

  /** An entity took a decision of `hour` in: it is the one that was learnt last. `permitted`: a request was let through. */
  learnt(held: Held, tenant: TenantRoll, hour: number, permitted: boolean): void {
    tenant.hour = Math.max(tenant.hour, hour)
    const { head } = held.state
    const established = head.established || permitted
    if (head.hour !== tenant.hour || head.established !== established)
      held.state.head = { hour: tenant.hour, established }
    const list = established ? tenant.established : tenant.strangers
    if (held.fresh) {
      if (list.last === held) return
    } else {
      if (this.removed.size > 0) this.removed.delete(held.key)
      if (held.entry !== NONE) this.#overlaid.add(held.entry)
    }
    if (held.list === undefined) this.size += 1
    else {
      held.list.size -= 1
      leave(held.list, held)
    }
    held.list = list
    list.size += 1
    join(list, held)
  }

  /** Removes some of the tenant's idle entities, and one if there are too many; tells the key of each. */
  forget(tenant: TenantRoll, told: (key: string) => void): void {
    if (tenant.sweptHour !== tenant.hour) this.#sweep(tenant, told)
    if (this.size > this.#limits.entities) this.#makeRoom(told)
  }

  /** The store has all that the batch did, or nothing of it is to stand. */
  reset(): void {
    this.#overlaid.clear()
    this.removed.clear()
    this.size = 0
    for (const tenant of this.#tenants.values()) {
      tenant.hour = tenant.storedHour
      tenant.sweptHour = 0
      for (const list of [tenant.strangers, tenant.established]) {
        for (let held = list.first; held !== undefined; held = list.first) leave(list, held)
        list.cursor = list.stored.first
        list.size = list.stored.size
        this.size += list.size
      }
    }
  }

  #sweep(tenant: TenantRoll, told: (key: string) => void): void {
    let left = SWEPT
    for (const list of [tenant.strangers, tenant.established]) {
      while (left > 0) {
        const oldest = this.#oldest(list)
        if (oldest === undefined || tenant.hour - oldest.hour <= list.idleHours) break
        told(this.#remove(list, oldest))
        this.forgotten.idle += 1
        left -= 1
      }
    }
    if (left > 0) tenant.sweptHour = tenant.hour
  }

  /** Forgets one entity of the tenant that has most. */
  #makeRoom(told: (key: string) => void): void {
    let largest: TenantRoll | undefined
    for (const tenant of this.#tenants.values()) {
      if (largest === undefined || isLarger(tenant, largest)) largest = tenant
    }
    if (largest === undefined) return
    const { strangers, established } = largest
    const list = strangers.size * STRANGERS_SHARE > sizeOf(largest) ? strangers : established
    const oldest = this.#oldest(list)
    if (oldest === undefined) return
    told(this.#remove(list, oldest))
    this.forgotten.full += 1
  }

  #oldest(list: RollList): { hour: number; entry: number; held?: Held } | undefined {
    while (list.cursor !== NONE && this.#overlaid.has(list.cursor))
      list.cursor = this.#store.after(list.cursor)
    const entry = list.cursor
    if (entry !== NONE) return { hour: this.#store.hour(entry), entry }
    const held = list.first
    return held === undefined ? undefined : { hour: held.state.head.hour, entry: held.entry, held }
  }

  #remove(list: RollList, { entry, held }: { entry: number; held?: Held }): string {
    const key = held?.key ?? this.#store.key(entry)
    if (held !== undefined) leave(list, held)
    list.size -= 1
    this.size -= 1
    if (entry !== NONE) {
      this.#overlaid.add(entry)
      this.removed.add(key)
    }
    return key
  }
}

/** The last of those that the batch in hand learnt. */
function join(list: RollList, held: Held): void {
  held.fresh = true
  held.before = list.last
  if (list.last === undefined) list.first = held
  else list.last.after = held
  list.last = held
}

function leave(list: RollList, held: Held): void {
  if (!held.fresh) return
  if (held.before === undefined) list.first = held.after
  else held.before.after = held.after
  if (held.after === undefined) list.last = held.before
  else held.after.before = held.before
  held.fresh = false
  held.before = undefined
  held.after = undefined
}

/** By name where they are equal: not in the order in which they were met, which differs after a restore. */
function isLarger(one: TenantRoll, other: TenantRoll): boolean {
  const more = sizeOf(one) - sizeOf(other)
  return more === 0 ? one.name < other.name : more > 0
}

function sizeOf({ strangers, established }: TenantRoll): number {
  return strangers.size + established.size
}

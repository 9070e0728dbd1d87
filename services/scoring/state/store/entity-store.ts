import { hash32 } from '../hash.ts'
import { KeyTable } from './key-table.ts'
import { Pages } from './pages.ts'

const LEAST_ENTRIES = 1024
export const NONE = -1
const NOWHERE = 0xffffffff

/** Entries in the order in which they were put, the one that was put longest ago first. */
export interface Order {
  readonly number: number
  first: number
  last: number
  size: number
}

/**
 * The packed states of one partition by key, in order of their last change.
 * Everything but a few counters lies in typed arrays: some 60 bytes an entity
 * beside its key and its packed state.
 */
export class EntityStore {
  readonly #seed: number
  #capacity = LEAST_ENTRIES
  #hashes = new Uint32Array(LEAST_ENTRIES)
  #pageOf = new Uint32Array(LEAST_ENTRIES)
  #offsetOf = new Uint32Array(LEAST_ENTRIES)
  #before = new Int32Array(LEAST_ENTRIES)
  #after = new Int32Array(LEAST_ENTRIES)
  /** Number of its order + 1; 0: in none. */
  #orderOf = new Uint32Array(LEAST_ENTRIES)
  #hours = new Uint32Array(LEAST_ENTRIES)
  readonly #orders: Order[] = []
  readonly #table: KeyTable
  readonly #pages: Pages
  /** Free entries, linked by `#after`. */
  #free = NONE
  #next = 0

  /** `seed` spreads the keys: one that nobody can guess, so that nobody can choose names that collide. Results don't depend on it. */
  constructor(seed: number) {
    this.#seed = seed
    this.#table = new KeyTable(
      (entry) => this.#hashes[entry] ?? 0,
      (entry, key) => this.#pages.hasKey(this.#pageOf[entry] ?? 0, this.#offsetOf[entry] ?? 0, key),
    )
    this.#pages = new Pages({
      pageOf: (entry) => this.#pageOf[entry] ?? 0,
      offsetOf: (entry) => this.#offsetOf[entry] ?? 0,
      moved: (entry, page, offset) => {
        this.#pageOf[entry] = page
        this.#offsetOf[entry] = offset
      },
    })
  }

  get size(): number {
    return this.#table.size
  }

  /** Bytes held for states, keys and index. */
  get bytes(): number {
    return this.#pages.allocated + this.#capacity * 28 + this.#table.slots * 4
  }

  newOrder(): Order {
    const order = { number: this.#orders.length, first: NONE, last: NONE, size: 0 }
    this.#orders.push(order)
    return order
  }

  find(key: string): number {
    return this.#table.find(this.#hash(key), key)
  }

  /** A view; the next `put` may make it another's. */
  value(entry: number): Uint8Array {
    return this.#pages.value(this.#pageOf[entry] ?? 0, this.#offsetOf[entry] ?? 0)
  }

  key(entry: number): string {
    return this.#pages.key(this.#pageOf[entry] ?? 0, this.#offsetOf[entry] ?? 0)
  }

  hour(entry: number): number {
    return this.#hours[entry] ?? 0
  }

  /** The entry after this one in its order, or -1. */
  after(entry: number): number {
    return this.#after[entry] ?? NONE
  }

  /** Keeps a value and returns its entry, the last of `order` now, when it has one. An entry is the same until its key is removed. */
  put(key: string, value: Uint8Array, order?: Order, hour = 0): number {
    const hash = this.#hash(key)
    let entry = this.#table.find(hash, key)
    if (entry === NONE) {
      entry = this.#newEntry()
      this.#hashes[entry] = hash
      this.#table.add(hash, entry)
    } else {
      this.#leave(entry)
      this.#pages.drop(this.#pageOf[entry] ?? 0, this.#offsetOf[entry] ?? 0)
    }
    this.#hours[entry] = hour
    if (order !== undefined) this.#join(entry, order)
    this.#pages.append(entry, key, value)
    this.#pages.tidy()
    return entry
  }

  remove(key: string): void {
    const hash = this.#hash(key)
    const entry = this.#table.find(hash, key)
    if (entry === NONE) return
    this.#table.remove(hash, entry)
    this.#leave(entry)
    this.#pages.drop(this.#pageOf[entry] ?? 0, this.#offsetOf[entry] ?? 0)
    this.#pageOf[entry] = NOWHERE
    this.#after[entry] = this.#free
    this.#free = entry
    this.#pages.tidy()
  }

  #hash(key: string): number {
    return hash32(key, this.#seed)
  }

  #join(entry: number, order: Order): void {
    this.#orderOf[entry] = order.number + 1
    this.#before[entry] = order.last
    this.#after[entry] = NONE
    if (order.last === NONE) order.first = entry
    else this.#after[order.last] = entry
    order.last = entry
    order.size += 1
  }

  #leave(entry: number): void {
    const order = this.#orders[(this.#orderOf[entry] ?? 0) - 1]
    if (order === undefined) return
    const before = this.#before[entry] ?? NONE
    const after = this.#after[entry] ?? NONE
    if (before === NONE) order.first = after
    else this.#after[before] = after
    if (after === NONE) order.last = before
    else this.#before[after] = before
    order.size -= 1
    this.#orderOf[entry] = 0
  }

  #newEntry(): number {
    const free = this.#free
    if (free !== NONE) {
      this.#free = this.#after[free] ?? NONE
      return free
    }
    if (this.#next === this.#capacity) this.#grow()
    return this.#next++
  }

  /** By half: a copy of all that is held never takes much beside it. */
  #grow(): void {
    this.#capacity = Math.ceil(this.#capacity * 1.5)
    const wider = <A extends Uint32Array | Int32Array>(wide: A, held: A): A => {
      wide.set(held)
      return wide
    }
    this.#hashes = wider(new Uint32Array(this.#capacity), this.#hashes)
    this.#pageOf = wider(new Uint32Array(this.#capacity), this.#pageOf)
    this.#offsetOf = wider(new Uint32Array(this.#capacity), this.#offsetOf)
    this.#before = wider(new Int32Array(this.#capacity), this.#before)
    this.#after = wider(new Int32Array(this.#capacity), this.#after)
    this.#orderOf = wider(new Uint32Array(this.#capacity), this.#orderOf)
    this.#hours = wider(new Uint32Array(this.#capacity), this.#hours)
  }
}

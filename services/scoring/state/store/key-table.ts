const LEAST_SLOTS = 1024

/**
 * A hash table from keys to entries (small whole numbers) that holds neither:
 * open addressing with linear probing, in one array. Whoever owns the entries
 * says what an entry's hash is, and whether its key is the one that is meant.
 */
export class KeyTable {
  /** Entry + 1; 0 is free. Its length is a power of two. */
  #slots = new Int32Array(LEAST_SLOTS)
  #size = 0
  readonly #hashOf: (entry: number) => number
  readonly #hasKey: (entry: number, key: string) => boolean

  constructor(hashOf: (entry: number) => number, hasKey: (entry: number, key: string) => boolean) {
    this.#hashOf = hashOf
    this.#hasKey = hasKey
  }

  get size(): number {
    return this.#size
  }

  /** How many places there are. */
  get slots(): number {
    return this.#slots.length
  }

  /** The entry of a key with this hash, or -1. */
  find(hash: number, key: string): number {
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] ?? 0) - 1
      if (entry === -1) return -1
      if (this.#hashOf(entry) === hash && this.#hasKey(entry, key)) return entry
    }
  }

  /** Adds an entry that is not there. */
  add(hash: number, entry: number): void {
    if (this.#size >= this.#slots.length * 0.7) this.#grow()
    this.#put(hash, entry)
    this.#size += 1
  }

  remove(hash: number, entry: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== entry + 1) {
      if (this.#slots[slot] === 0) return
      slot = (slot + 1) & mask
    }
    this.#size -= 1
    // Whoever was pushed behind moves up, so that no mark of the removed one is needed.
    for (let next = (slot + 1) & mask; ; next = (next + 1) & mask) {
      const other = (this.#slots[next] ?? 0) - 1
      if (other === -1) break
      const home = this.#hashOf(other) & mask
      if (((next - home) & mask) < ((next - slot) & mask)) continue
      this.#slots[slot] = other + 1
      slot = next
    }
    this.#slots[slot] = 0
  }

  #put(hash: number, entry: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry + 1
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(before.length * 2)
    for (const held of before) if (held !== 0) this.#put(this.#hashOf(held - 1), held - 1)
  }
}

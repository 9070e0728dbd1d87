/** 8 bytes name an id here: of 10 million, some two are alike with a chance of 3 in a million. */
export const ID_BYTES = 8

/**
 * A set of ids by the 64 bits of their hexadecimal digits: 16 bytes an id at
 * most, where a Set of strings takes a hundred. Open addressing, linear
 * probing, at most half full.
 */
export class IdSet {
  #slots = new Uint32Array(2 * 1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds; says whether it was new. */
  add(high: number, low: number): boolean {
    // 0 marks an empty slot.
    if (high === 0 && low === 0) return this.add(0, 1)
    const at = this.#find(this.#slots, high, low)
    if (this.#slots[at] !== 0 || this.#slots[at + 1] !== 0) return false
    this.#slots[at] = high
    this.#slots[at + 1] = low
    this.#size += 1
    if (this.#size * 4 > this.#slots.length) this.#grow()
    return true
  }

  has(high: number, low: number): boolean {
    if (high === 0 && low === 0) return this.has(0, 1)
    const at = this.#find(this.#slots, high, low)
    return this.#slots[at] !== 0 || this.#slots[at + 1] !== 0
  }

  #find(slots: Uint32Array, high: number, low: number): number {
    const mask = slots.length / 2 - 1
    let slot = (high ^ low) & mask
    for (;;) {
      const a = slots[2 * slot] ?? 0
      const b = slots[2 * slot + 1] ?? 0
      if ((a === high && b === low) || (a === 0 && b === 0)) return 2 * slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    const grown = new Uint32Array(this.#slots.length * 2)
    for (let at = 0; at < this.#slots.length; at += 2) {
      const high = this.#slots[at] ?? 0
      const low = this.#slots[at + 1] ?? 0
      if (high === 0 && low === 0) continue
      const to = this.#find(grown, high, low)
      grown[to] = high
      grown[to + 1] = low
    }
    this.#slots = grown
  }
}

/**
 * A bounded map that forgets what was used longest ago, in two generations: a
 * full young one becomes the old one. Costs one or two look-ups and no list
 * upkeep; holds between `capacity` / 2 and `capacity` entries.
 */
export class Lru<K, V> {
  #young = new Map<K, V>()
  #old = new Map<K, V>()
  readonly #half: number

  constructor(capacity: number) {
    this.#half = Math.max(1, Math.floor(capacity / 2))
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: K, value: V): void {
    this.#young.set(key, value)
    if (this.#young.size < this.#half) return
    this.#old = this.#young
    this.#young = new Map()
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }
}

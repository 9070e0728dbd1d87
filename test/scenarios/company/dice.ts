import { seededNumbers } from '../../../services/runtime/seeded-numbers.ts'

/** Draws that are the same for the same names: each actor and day has dice of its own, so that one more attack changes nobody else's day. */
export class Dice {
  readonly next: () => number

  constructor(...names: readonly (string | number)[]) {
    let hash = 0x811c9dc5
    for (const character of names.join('/')) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
    this.next = seededNumbers(hash)
    // Neighbouring seeds begin alike.
    this.next()
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1))
  }

  /** Box and Muller's method. */
  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next())
  }

  /** Skewed to the right, as sizes and workloads are. */
  lognormal(median: number, sigma: number): number {
    return median * Math.exp(this.normal(0, sigma))
  }

  /** Knuth's method; for means below 100. */
  poisson(mean: number): number {
    const limit = Math.exp(-mean)
    let product = this.next()
    let count = 0
    while (product > limit) {
      product *= this.next()
      count += 1
    }
    return count
  }

  pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.next() * values.length)]
    if (value === undefined) throw new Error('nothing to pick from')
    return value
  }

  /** The first of many is the likeliest (Zipf with exponent 1, about). */
  early<T>(values: readonly T[]): T {
    const value =
      values[Math.min(values.length - 1, Math.floor(values.length ** this.next() - 1 + this.next()))]
    if (value === undefined) throw new Error('nothing to pick from')
    return value
  }

  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][]
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [value, weight] of entries) {
      left -= weight
      if (left < 0) return value
    }
    return this.pick(entries)[0]
  }

  /** Hexadecimal digits, for ids. */
  hex(length: number): string {
    let text = ''
    while (text.length < length)
      text += Math.floor(this.next() * 65_536)
        .toString(16)
        .padStart(4, '0')
    return text.slice(0, length)
  }

  /** In another order (Fisher and Yates). */
  shuffled<T>(values: readonly T[]): T[] {
    const left = [...values]
    return values.map(() => {
      const [value] = left.splice(Math.floor(this.next() * left.length), 1)
      if (value === undefined) throw new Error('nothing left')
      return value
    })
  }
}

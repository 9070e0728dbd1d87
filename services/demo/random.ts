import { seededNumbers } from '../runtime/seeded-numbers.ts'

/** A seeded source of numbers, so that the demo's people are the same at every start. */
export interface Random {
  /** 0 to below 1. */
  next(): number
  /** A whole number from 0 to below `n`. */
  below(n: number): number
  pick<T>(items: readonly T[]): T
}

export function seededRandom(seed: number): Random {
  const next = seededNumbers(seed)
  const below = (n: number): number => Math.floor(next() * n)
  return {
    next,
    below,
    pick(items) {
      const item = items[below(items.length)]
      if (item === undefined) throw new RangeError('nothing to pick from')
      return item
    },
  }
}

/** A seed from a text (FNV-1a), so that each person, day and purpose has numbers of its own. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

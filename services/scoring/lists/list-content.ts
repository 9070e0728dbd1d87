import type { NetworkSet } from './network-set.ts'

/** A list as it was read. */
export interface ListContent {
  readonly networks: NetworkSet
  /** Lines or indicators that named networks. */
  readonly entries: number
  /** Lines that are none, or indicators whose pattern is of another kind. */
  readonly unread: number
  /** Where the first few of those are: never their text, which may be anything. */
  readonly examples: readonly string[]
  /** When it must be read again, because an entry begins or ends to hold; ms, Infinity for never. */
  readonly changes_at_ms: number
}

export const MOST_EXAMPLES = 5
/** Entries that are read before others get a turn: some 10 ms. */
export const SLICE = 10_000
